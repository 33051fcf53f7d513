internal import CurlKit

/// A device's way to the server: CurlKit's errors and answers in the words of a step.
struct ServerConnection {
    /// In which a server may say what it saw of the client's certificate.
    static let clientCertificateHeader = "gatehouse-client-certificate"

    private let session: CurlSession
    private let userAgent: String

    init(
        _ access: ServerAccess,
        reuse: Bool,
        certificate: CurlOptions.ClientCertificate? = nil
    ) throws(SimulationFailure) {
        var options = CurlOptions()
        options.timeout = access.timeout
        options.connectTimeout = min(access.timeout, 10_000)
        options.trustedAuthorities = access.trustedAuthorities
        options.verifiesServer = access.verifiesServer
        options.resolve = access.resolve
        options.proxy = access.proxy
        options.connections = reuse ? .keptAlive : .newPerRequest
        options.clientCertificate = certificate
        self.userAgent = access.userAgent
        do throws(CurlError) {
            self.session = try CurlSession(options)
        } catch {
            throw .local("libcurl does not take the settings: \(error)")
        }
    }

    func get(_ address: String, _ step: EnrollmentStep) throws(SimulationFailure) -> (HTTPAnswer, Double) {
        try self.perform(
            .get(
                address,
                headers: [CurlHeader("User-Agent", self.userAgent), CurlHeader("Cache-Control", "no-cache")]
            ),
            step
        )
    }

    func post(
        _ body: [UInt8],
        to address: String,
        _ step: EnrollmentStep,
        type: String = "application/soap+xml; charset=utf-8",
        headers more: [(name: String, value: String)] = []
    ) throws(SimulationFailure) -> (HTTPAnswer, Double) {
        let headers =
            [CurlHeader("Content-Type", type), CurlHeader("User-Agent", self.userAgent)]
            + more.map { CurlHeader($0.name, $0.value) }
        return try self.perform(.post(address, headers: headers, body: body), step)
    }

    private func perform(
        _ request: CurlRequest,
        _ step: EnrollmentStep
    ) throws(SimulationFailure) -> (HTTPAnswer, Double) {
        do throws(CurlError) {
            let answer = try self.session.perform(request)
            return (
                HTTPAnswer(status: answer.status, headers: answer.headers, body: answer.body),
                Double(answer.timings.total) / 1000
            )
        } catch {
            throw .unreachable(step, kind: error.kind.rawValue, message: error.message)
        }
    }
}

extension DeviceIdentity {
    /// What the device presents in TLS.
    func clientCertificate() throws(SimulationFailure) -> CurlOptions.ClientCertificate {
        CurlOptions.ClientCertificate(
            certificates: Array(self.certificatePEM.utf8),
            privateKey: Array(try self.key.pem().utf8)
        )
    }
}

internal import Dispatch

/// A TLS connection with a certificate: only its key's holder can make one, and the server learns that it arrived.
public struct FirstContact: Sendable {
    public let status: Int
    public let milliseconds: Double
    /// What the server says it saw, at most 200 characters; `nil` when it says nothing.
    public let seenByServer: String?

    /// Whether the server answered and did not call the certificate unverified.
    public var isGood: Bool { self.status == 200 && self.seenByServer?.hasPrefix("unverified") != true }

    /// Asks for the discovery address, which needs no user, and blocks until it is answered.
    ///
    /// - Throws: ``SimulationFailure`` when there is no answer.
    public static func makeBlocking(
        _ identity: DeviceIdentity,
        _ access: ServerAccess
    ) throws(SimulationFailure) -> FirstContact {
        let connection = try ServerConnection(access, reuse: false, certificate: try identity.clientCertificate())
        let (answer, milliseconds) = try connection.get(identity.discoveryAddress, .possession)
        let seen = answer.values(of: ServerConnection.clientCertificateHeader).first.map { String($0.prefix(200)) }
        return FirstContact(status: answer.status, milliseconds: milliseconds, seenByServer: seen)
    }

    /// The same on a thread of its own, for callers that must not block.
    public static func make(
        _ identity: DeviceIdentity,
        _ access: ServerAccess
    ) async throws(SimulationFailure) -> FirstContact {
        let queue = DispatchQueue(label: "gatehouse.contact")
        let result: Result<FirstContact, SimulationFailure> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(SimulationFailure) {
                    continuation.resume(returning: .success(try self.makeBlocking(identity, access)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    /// Throws unless the server took the connection.
    func check() throws(SimulationFailure) {
        guard self.status == 200 else {
            throw .deviated(
                Deviation(
                    .possession,
                    .possession,
                    expected: "200 in a connection with the new certificate",
                    found: String(self.status)
                )
            )
        }
    }
}

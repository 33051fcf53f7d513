import CurlKit
import DeviceSimulator
import Dispatch
import EnrollmentTestKit
import Foundation
import Synchronization
import Testing

/// What the server answered to a message that a test wrote.
struct Reply: Sendable {
    let status: Int
    let body: String

    /// `Authentication`, or `Authorization DeviceCapReached`; `nil` when the answer is no fault.
    var fault: String? {
        guard let code = self.text(between: "<s:Subcode><s:Value>", "</s:Value>") else { return nil }
        let subcode = code.split(separator: ":").last.map(String.init) ?? code
        return [subcode, self.text(between: "<ErrorType>", "</ErrorType>")].compactMap { $0 }.joined(separator: " ")
    }

    var trace: String? { self.text(between: "<TraceId>", "</TraceId>") }

    /// The answer with whatever is new in each of them made equal.
    var withoutIdentifiers: String {
        var text = self.body
        if let trace = self.trace { text = text.replacing(trace, with: "TRACE") }
        return text.replacing(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, with: "UUID")
    }

    private func text(between start: String, _ end: String) -> String? {
        guard let from = self.body.firstRange(of: start) else { return nil }
        let rest = self.body[from.upperBound...]
        return rest.firstRange(of: end).map { String(rest[..<$0.lowerBound]) }
    }
}

/// One connection that is kept, on a thread of its own: libcurl blocks.
final class Exchange: Sendable {
    enum Endpoint: String, Sendable {
        case discovery = "Discovery"
        case policy = "Policy"
        case enrollment = "Enrollment"
    }

    private let queue = DispatchQueue(label: "gatehouse.exchange")
    private let session = Mutex<CurlSession?>(nil)
    private let place: Place
    private let certificate: CurlOptions.ClientCertificate?

    /// - Parameters:
    ///   - gatehouse: The server.
    ///   - device: Whose certificate is presented in TLS.
    /// - Throws: When its key cannot be exported.
    init(_ gatehouse: RunningGatehouse, as device: DeviceIdentity? = nil) throws {
        self.place = gatehouse.place
        self.certificate = try device.map { device in
            CurlOptions.ClientCertificate(
                certificates: Array(device.certificatePEM.utf8),
                privateKey: Array(try device.key.pem().utf8)
            )
        }
    }

    func post(_ message: String, to endpoint: Endpoint) async throws -> Reply {
        try await self.post(Array(message.utf8), to: endpoint)
    }

    func post(
        _ octets: [UInt8],
        to endpoint: Endpoint,
        type: String = "application/soap+xml",
        headers: [CurlHeader] = []
    ) async throws -> Reply {
        let url = "\(self.place.url)/EnrollmentServer/\(endpoint.rawValue).svc"
        let request = CurlRequest.post(url, headers: [CurlHeader("Content-Type", type)] + headers, body: octets)
        return try await withCheckedThrowingContinuation { continuation in
            self.queue.async {
                continuation.resume(with: Result { try self.perform(request) })
            }
        }
    }

    private func perform(_ request: CurlRequest) throws -> Reply {
        try self.session.withLock { session in
            let connected = try session ?? self.connect()
            session = connected
            let answer = try connected.perform(request)
            return Reply(status: answer.status, body: String(decoding: answer.body, as: UTF8.self))
        }
    }

    private func connect() throws -> CurlSession {
        var options = CurlOptions()
        options.resolve = [self.place.resolution]
        options.trustedAuthorities = Array(try Data(contentsOf: self.place.rootFile))
        options.clientCertificate = self.certificate
        return try CurlSession(options)
    }
}

/// A certificate request as the `openssl` command makes it.
enum TextbookRequest {
    /// In base64, on one line.
    static func make() async throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "request-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // Left behind at worst.
        let file = folder.appending(path: "request.der")
        try await CommandLineAuthority.openssl(
            ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=textbook", "-outform", "DER"]
                + ["-keyout", folder.appending(path: "key.pem").path, "-out", file.path]
        )
        return try Data(contentsOf: file).base64EncodedString()
    }
}

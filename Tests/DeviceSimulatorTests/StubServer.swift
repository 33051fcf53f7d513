import EnrollmentTestKit
import Foundation

/// An enrollment server of Python's and openssl's, speaking the protocol on a port of its own.
///
/// It shares no code with Gatehouse. It ends with ``stop()`` and, should a test forget, by itself after two minutes.
final class StubServer {
    let port: Int
    private let process: FixtureProcess

    /// Starts it and waits until it listens.
    ///
    /// - Parameters:
    ///   - authority: Issues the server's certificate and the devices'.
    ///   - behavior: `good`, `refusing` (a fault for the second device of a user), `lax` (no nonces),
    ///     `talkative` (says more in a renewal than belongs there) or `careless` (renews whatever is signed).
    /// - Throws: When there is no Python here.
    init(_ authority: TestAuthority, behavior: String = "good") throws {
        let openssl = authority.openssl
        try openssl.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout server.key -out server.pem "
                + "-subj /CN=server -CA root.pem -CAkey root.key -addext basicConstraints=critical,CA:FALSE "
                + "-addext subjectAltName=DNS:enterpriseenrollment.example.test"
        )
        try openssl.write(Array(TestAuthority.leafExtensions.utf8), to: "extensions.cnf")
        let answers: [(String, String)] = [
            ("discovery.xml", GoldenAnswers.discovery), ("policy.xml", GoldenAnswers.policy),
            ("token.xml", GoldenAnswers.token), ("fault.xml", GoldenAnswers.fault),
        ]
        for (name, text) in answers { try openssl.write(Array(text.utf8), to: name) }
        let document = try GoldenAnswers.document(root: authority.root, issuer: authority.issuer)
        try openssl.write(Array(document.utf8), to: "document.xml")
        try openssl.write(Array(GoldenAnswers.renewal().utf8), to: "renewal.xml")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "stub_server.py")
        let output = FileManager.default.temporaryDirectory.appending(path: "server-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: output) }
        self.process = try FixtureProcess(
            ["python3", script.path, openssl.folder.path, GoldenAnswers.messageID, behavior],
            outputFile: output
        )
        guard let port = Int(try self.process.firstLine(of: output)) else { throw CocoaError(.executableLoad) }
        self.port = port
    }

    func stop() {
        self.process.kill()
    }
}

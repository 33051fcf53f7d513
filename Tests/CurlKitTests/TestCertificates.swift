import EnrollmentTestKit
import Foundation

/// An authority, a server certificate for `localhost` and `device.test`, and a client certificate for `kim`.
///
/// The `openssl` command makes them in a temporary folder.
final class TestCertificates {
    let folder: URL

    init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "curlkit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        try self.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout ca.key -out ca.pem -subj /CN=Authority"
        )
        try self.issue("server", subject: "/CN=localhost", extra: "subjectAltName=DNS:localhost,DNS:device.test")
        try self.issue("client", subject: "/CN=kim", extra: "extendedKeyUsage=clientAuth")
    }

    func remove() throws {
        try FileManager.default.removeItem(at: self.folder)
    }

    func pem(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: self.folder.appending(path: name)))
    }

    private func issue(_ name: String, subject: String, extra: String) throws {
        try self.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout \(name).key -out \(name).pem "
                + "-subj \(subject) -CA ca.pem -CAkey ca.key -addext basicConstraints=critical,CA:FALSE -addext \(extra)"
        )
    }

    private func run(_ arguments: String) throws {
        let process = try FixtureProcess(
            ["env", "-C", self.folder.path, "openssl"] + arguments.split(separator: " ").map(String.init)
        )
        guard process.wait() == 0 else { throw CocoaError(.executableRuntimeMismatch) }
    }
}

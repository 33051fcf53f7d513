import EnrollmentTestKit
import Foundation

@testable import DeviceSimulator

/// A management server of Python's that speaks OMA-DM on a port of its own, and a device with an account there.
///
/// It ends with ``stop()`` and, should a test forget, by itself after two minutes.
final class StubManager {
    let scene: RenewalScene
    let identity: DeviceIdentity
    let access: ServerAccess
    private let process: FixtureProcess

    /// Starts it and waits until it listens.
    ///
    /// - Parameters:
    ///   - behavior: `good`, or one that stub_manager.py lists.
    ///   - change: What is different in the account.
    /// - Throws: When there is no Python here.
    init(_ behavior: String, account change: (String) -> String = { $0 }) throws {
        let scene = try RenewalScene(kind: .ecdsaP256)
        let openssl = scene.openssl
        try openssl.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout manager.key -out manager.pem "
                + "-subj /CN=manager -CA root.pem -CAkey root.key -addext basicConstraints=critical,CA:FALSE "
                + "-addext subjectAltName=DNS:manage.example.test"
        )
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let receiver = here.deletingLastPathComponent().deletingLastPathComponent().appending(path: "Examples/receiver")
        let output = FileManager.default.temporaryDirectory.appending(path: "manager-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: output) }
        self.process = try FixtureProcess(
            [
                "python3", here.appending(path: "stub_manager.py").path, openssl.folder.path, behavior, receiver.path,
            ],
            outputFile: output
        )
        guard let port = Int(try self.process.firstLine(of: output)) else { throw CocoaError(.executableLoad) }
        var access = ServerAccess()
        access.trustedAuthorities = try openssl.read("root.pem")
        access.resolve = ["manage.example.test:\(port):127.0.0.1", "down.example.test:\(port):127.0.0.9"]
        self.access = access
        self.scene = scene
        let document = try GoldenAnswers.document().replacingOccurrences(
            of: "manage.example.test/omadm",
            with: "manage.example.test:\(port)/omadm"
        )
        let identity = scene.identity
        self.identity = DeviceIdentity(
            device: identity.device,
            enrollmentType: identity.enrollmentType,
            user: identity.user,
            discoveryAddress: identity.discoveryAddress,
            enrollmentAddress: identity.enrollmentAddress,
            entDMID: identity.entDMID,
            providerID: identity.providerID,
            certificate: identity.certificate,
            issuers: identity.issuers,
            roots: identity.roots,
            intermediates: identity.intermediates,
            key: identity.key,
            document: Array(change(document.replacingOccurrences(of: ":PORT", with: ":\(port)")).utf8),
            renewals: 0
        )
    }

    func manage(atOnce: Bool = false) async throws -> ManagementContact {
        try await ManagementContact.make(self.identity, self.access, sendsCredentialsAtOnce: atOnce)
    }

    /// What the device sent, one message each.
    func requests() throws -> [String] {
        String(decoding: try self.scene.openssl.read("requests.log"), as: UTF8.self).split(separator: "\n").map {
            String($0)
        }
    }

    func stop() {
        self.process.kill()
        self.scene.openssl.remove()
    }
}

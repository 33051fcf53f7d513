import EnrollmentTestKit
import Foundation

/// A token of SoftHSM that configurations call `hsm`, with its PIN in a file of its own.
final class ConfiguredToken: Sendable {
    let soft: SoftToken
    private let module: String
    private let file: URL

    /// Makes one.
    ///
    /// - Parameter module: Stands between the program and SoftHSM; `nil` is SoftHSM itself.
    /// - Throws: When SoftHSM is not installed.
    init(_ module: WatchedModule? = nil) async throws {
        self.soft = try await SoftHSM.shared().makeToken()
        self.module = try module?.path ?? SoftHSM.shared().module
        self.file = FileManager.default.temporaryDirectory.appending(path: "pin-\(UUID().uuidString)")
        try self.write(pin: self.soft.pin)
    }

    deinit {
        // Left behind at worst.
        try? FileManager.default.removeItem(at: self.file)
    }

    func write(pin: String) throws {
        let made = FileManager.default.createFile(
            atPath: self.file.path,
            contents: Data("\(pin)\n".utf8),
            attributes: [.posixPermissions: 0o600]
        )
        guard made else { throw Place.Failure(description: "\(self.file.path) cannot be written") }
    }

    /// Goes into a configuration.
    var section: String {
        """
        tokens: [{
            name: "hsm", module: "\(self.module)", label: "\(self.soft.label)", pin: { file: "\(self.file.path)" },
            sessions: 2, timeoutSeconds: 5,
        }],

        """
    }
}

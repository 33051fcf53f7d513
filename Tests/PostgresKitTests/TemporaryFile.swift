internal import Foundation

/// A file that only its owner reads, and that is gone with its last reference.
final class TemporaryFile: Sendable {
    let path: String

    init(_ text: String) throws {
        self.path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        let isMade = FileManager.default.createFile(
            atPath: self.path,
            contents: Data(text.utf8),
            attributes: [.posixPermissions: 0o600]
        )
        guard isMade else { throw CocoaError(.fileWriteUnknown) }
    }

    deinit {
        // A file left behind hurts nobody.
        try? FileManager.default.removeItem(atPath: self.path)
    }
}

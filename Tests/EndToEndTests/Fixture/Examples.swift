import Foundation

/// The example configurations of other programs, under `Config`.
enum Examples {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Config")

    static func text(_ name: String) throws -> String {
        try String(contentsOf: self.folder.appending(path: name), encoding: .utf8)
    }

    /// - Throws: When the example does not say that, so that the test is of something else.
    static func replacing(_ word: String, with other: String, in text: String) throws -> String {
        guard text.contains(word) else { throw Place.Failure(description: "the example does not say \(word)") }
        return text.replacing(word, with: other)
    }
}

import EnrollmentTestKit
import Foundation

/// The `openssl` command in a temporary folder: a judge that shares no code with us.
final class OpenSSLCommand {
    struct Failed: Error {
        let output: String
    }

    let folder: URL

    init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "simulator-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    }

    func remove() {
        // A folder that stays behind in the temporary one fails no test.
        try? FileManager.default.removeItem(at: self.folder)
    }

    func write(_ octets: [UInt8], to name: String) throws {
        try Data(octets).write(to: self.folder.appending(path: name))
    }

    func read(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: self.folder.appending(path: name)))
    }

    /// Runs it with `arguments`, split at blanks.
    ///
    /// - Returns: What it said on both streams.
    /// - Throws: ``Failed`` when it ends with another status than 0.
    @discardableResult
    func run(_ arguments: String) throws -> String {
        let transcript = self.folder.appending(path: "transcript-\(UUID().uuidString)").path
        defer { for stream in ["out", "err"] { try? FileManager.default.removeItem(atPath: transcript + stream) } }
        let process = try FixtureProcess(
            ["env", "-C", self.folder.path, "openssl"] + arguments.split(separator: " ").map(String.init),
            outputFile: transcript + "out",
            errorFile: transcript + "err"
        )
        let status = process.wait()
        let text = ["out", "err"].map { stream in
            String(decoding: FileManager.default.contents(atPath: transcript + stream) ?? Data(), as: UTF8.self)
        }.joined()
        guard status == 0 else { throw Failed(output: text) }
        return text
    }
}

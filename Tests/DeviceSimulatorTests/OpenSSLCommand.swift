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
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = self.folder
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(output: text) }
        return text
    }
}

import Foundation
import Synchronization

/// A clock that a test moves, for the programs it starts: the machine's and an offset, by `libfaketime`.
///
/// Clocks that only measure how long something takes stay the machine's: nothing waits longer because a year goes by.
final class MovedClock: Sendable {
    private let file: URL
    private let library: String
    private let seconds = Mutex(0)

    /// - Throws: When the library is not installed (`Scripts/setup` does), or the folder cannot be written.
    init(in folder: URL) throws {
        self.file = folder.appending(path: "clock")
        self.library = try Self.installed()
        try self.write(0)
    }

    private static func installed() throws -> String {
        let root = "/usr/lib"
        let found = try FileManager.default.contentsOfDirectory(atPath: root)
            .map { "\(root)/\($0)/faketime/libfaketimeMT.so.1" }
            .first { FileManager.default.fileExists(atPath: $0) }
        guard let found else { throw Place.Failure(description: "libfaketime is missing; run Scripts/setup") }
        return found
    }

    /// What comes before a command that is to go by this clock.
    var prefix: [String] {
        [
            "env", "LD_PRELOAD=\(self.library)", "FAKETIME_TIMESTAMP_FILE=\(self.file.path)", "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1",
            // The first program that loads the library has its environment moved, behind which Swift looks for arguments.
            "env",
        ]
    }

    /// Seconds since 1970.
    var now: Int64 { Int64(Date().timeIntervalSince1970) + Int64(self.seconds.withLock { $0 }) }

    func advance(days: Int) throws {
        try self.advance(seconds: days * 86_400)
    }

    func advance(seconds: Int) throws {
        try self.seconds.withLock { total in
            total += seconds
            try self.write(total)
        }
    }

    /// In one step: whoever looks meanwhile sees the time before or after.
    private func write(_ seconds: Int) throws {
        try Data("\(seconds < 0 ? "" : "+")\(seconds)\n".utf8).write(to: self.file, options: .atomic)
    }
}

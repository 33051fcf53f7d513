import Authority
import EnrollmentCore
import Foundation
import Glibc
import OpenSSLKit
import Testing

@Suite("A backup file")
struct BackupFileTests {
    private static let chunk = BackupHeader.chunk
    private static let sealed = BackupHeader.chunk + StreamKey.tagLength
    private static let beginning = BackupHeader.length + StreamKey.tagLength

    private static func secret(_ text: String = "a passphrase of its own") -> SecretOctets {
        SecretOctets(Array(text.utf8))
    }

    /// A file without a name that holds these octets, at its beginning.
    private static func withFile<Value>(_ octets: [UInt8] = [], _ body: (Int32) throws -> Value) throws -> Value {
        var name = Array("\(NSTemporaryDirectory())/backup-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        unlink(name)
        try #require(write(descriptor, octets, octets.count) == octets.count)
        lseek(descriptor, 0, SEEK_SET)
        return try body(descriptor)
    }

    private static func backup(of content: [UInt8], pieces: Int = 1) throws -> [UInt8] {
        try Self.withFile { descriptor in
            let writer = try BackupWriter(to: descriptor, passphrase: Self.secret(), header: try .fresh(cost: 10))
            let size = max(1, (content.count + pieces - 1) / pieces)
            for start in stride(from: 0, to: content.count, by: size) {
                try writer.append(content[start..<min(start + size, content.count)])
            }
            let count = try writer.finish()
            var octets = [UInt8](repeating: 0, count: Int(count) + 1)
            // No octet more than it says.
            let read = pread(descriptor, &octets, octets.count, 0)
            #expect(read == Int(count))
            return Array(octets.prefix(read))
        }
    }

    private static func content(of backup: [UInt8], passphrase: String = "a passphrase of its own") throws -> [UInt8] {
        try Self.withFile(backup) { descriptor in
            let reader = try BackupReader(from: descriptor, passphrase: Self.secret(passphrase))
            var content: [UInt8] = []
            while let piece = try reader.takeSome() { content += piece }
            return content
        }
    }

    /// The rule by which the octets are refused; `nil` when they are taken.
    private static func refusal(of backup: [UInt8]) -> String? {
        do {
            _ = try Self.content(of: backup)
            return nil
        } catch let error as EnrollmentError {
            return error.rule
        } catch {
            return "\(error)"
        }
    }

    private static func octets(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    }

    @Test(
        "gives back what was put in, whatever its length and however it came",
        arguments: [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]
    )
    func roundTrip(count: Int) throws {
        let content = Self.octets(count)
        for pieces in [1, 3, 7] {
            let backup = try Self.backup(of: content, pieces: pieces)
            #expect(backup.starts(with: BackupHeader.magic))
            #expect(try Self.content(of: backup) == content)
        }
    }

    @Test("gives out exactly as many octets as are asked for, and refuses more than there are")
    func take() throws {
        let content = Self.octets(100_000)
        try Self.withFile(try Self.backup(of: content)) { descriptor in
            let reader = try BackupReader(from: descriptor, passphrase: Self.secret())
            #expect(try reader.take(5) == Array(content[..<5]))
            #expect(try reader.take(70_000) == Array(content[5..<70_005]))
            #expect(try reader.take(0) == [])
            #expect(throws: EnrollmentError.self) { try reader.take(30_000) }
        }
    }

    @Test("shows nothing of what is in it, and is another one each time")
    func hidden() throws {
        let content = Array("DESKTOP-7F3A of kim@corp.example".utf8)
        let first = try Self.backup(of: content)
        let second = try Self.backup(of: content)
        #expect(first.count == Self.beginning + content.count + StreamKey.tagLength)
        #expect(Data(first).range(of: Data(content.prefix(8))) == nil)
        #expect(first.dropFirst(12) != second.dropFirst(12))
    }

    @Test("tells a wrong passphrase from everything else")
    func passphrase() throws {
        let backup = try Self.backup(of: Self.octets(10))
        let error = #expect(throws: EnrollmentError.self) { try Self.content(of: backup, passphrase: "another") }
        #expect(error?.rule == "backup.passphrase")
    }

    @Test("does not open with any one bit of it changed")
    func bits() throws {
        let backup = try Self.backup(of: Self.octets(40))
        let known: Set = ["backup.format", "backup.version", "backup.passphrase", "backup.damaged", "backup.derive"]
        for index in backup.indices {
            for bit in 0..<8 {
                var changed = backup
                changed[index] ^= 1 << UInt8(bit)
                let rule = try #require(Self.refusal(of: changed), "bit \(bit) of octet \(index)")
                #expect(known.contains(rule), "\(rule)")
            }
        }
    }

    @Test("does not open when it is cut off, wherever that is")
    func cutOff() throws {
        let small = try Self.backup(of: Self.octets(40))
        for count in 0..<small.count { #expect(Self.refusal(of: Array(small.prefix(count))) != nil, "\(count) octets") }
        let large = try Self.backup(of: Self.octets(3 * Self.chunk))
        for chunks in 0..<3 {
            let cut = Array(large.prefix(Self.beginning + chunks * Self.sealed))
            #expect(Self.refusal(of: cut) == "backup.truncated")
            #expect(Self.refusal(of: Array(large.prefix(cut.count + 100))) == "backup.damaged")
        }
    }

    @Test("does not open with a chunk moved, repeated, left out, taken from another backup, or added at its end")
    func order() throws {
        let large = try Self.backup(of: Self.octets(3 * Self.chunk + 9))
        let other = try Self.backup(of: Self.octets(3 * Self.chunk + 9))
        func chunk(_ number: Int, of backup: [UInt8]) -> ArraySlice<UInt8> {
            let start = Self.beginning + number * Self.sealed
            return backup[start..<min(start + Self.sealed, backup.count)]
        }
        let beginning = large[..<Self.beginning]
        func assembled(_ chunks: [ArraySlice<UInt8>]) -> [UInt8] { Array(beginning) + chunks.flatMap { $0 } }
        let all = (0...3).map { chunk($0, of: large) }
        #expect(Self.refusal(of: assembled(all)) == nil)
        for wrong in [
            [all[1], all[0], all[2], all[3]], [all[0], all[2], all[1], all[3]], [all[0], all[0], all[2], all[3]],
            [all[0], all[2], all[3]], [all[0], all[1], all[3]], [all[3]], [all[0], all[1], all[2], all[2], all[3]],
            [all[0], chunk(1, of: other), all[2], all[3]], all + [all[3]], all + [[0]], all + [all[0]],
        ] {
            #expect(Self.refusal(of: assembled(wrong)) == "backup.damaged")
        }
        // The last chunk alone is full: what follows it is told from what it should be.
        let even = try Self.backup(of: Self.octets(Self.chunk))
        #expect(Self.refusal(of: even + [1, 2, 3]) == "backup.damaged")
    }

    @Test("says of a newer format, and of something else, what it is")
    func others() throws {
        var newer = try Self.backup(of: Self.octets(3))
        newer[8] = 2
        #expect(Self.refusal(of: newer) == "backup.version")
        #expect(Self.refusal(of: Array("SQLite format 3\0 and so on, and so on, and so on".utf8)) == "backup.format")
        #expect(Self.refusal(of: []) == "backup.format")
        var costly = try Self.backup(of: Self.octets(3))
        // It would take more memory than anybody has.
        costly[9] = 40
        #expect(Self.refusal(of: costly) == "backup.format")
    }

    @Test("of which the disk takes no more is told as a full disk")
    func full() throws {
        let device = open("/dev/full", O_WRONLY)
        try #require(device >= 0)
        defer { close(device) }
        let error = #expect(throws: EnrollmentError.self) {
            try BackupWriter(to: device, passphrase: Self.secret(), header: try .fresh(cost: 10))
        }
        #expect(error?.rule == "backup.full")
    }
}

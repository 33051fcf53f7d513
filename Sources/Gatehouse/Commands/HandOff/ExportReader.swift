import EnrollmentCore
import Glibc
import Ledger
import ManagementLink

/// Reads a management server's export, JSON lines, one at a time: an export of any size takes little memory.
struct ExportReader: ~Copyable {
    /// Octets of a line.
    private static let longestLine = 64 << 10

    private let name: String
    private let descriptor: Int32
    private let isOurs: Bool
    /// Kept open as long as it is read.
    private let file: TemporaryFile?
    private var buffer: [UInt8] = []
    private var position = 0
    private var line = 0
    private var isAtEnd = false

    /// - Parameter path: A file; `-` for standard input.
    /// - Throws: ``CommandProblem`` with exit `usage`.
    init(_ path: String) throws(CommandProblem) {
        self.name = path == "-" ? "standard input" : path
        self.isOurs = path != "-"
        self.file = nil
        self.descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard self.descriptor >= 0 else {
            throw CommandProblem("GH-USAGE-007", "\(FileError(path: path, code: errno))", exit: .usage)
        }
    }

    /// Reads what was fetched from elsewhere.
    init(_ file: consuming TemporaryFile, named name: String) {
        self.name = name
        self.isOurs = false
        self.descriptor = file.descriptor
        self.file = consume file
    }

    deinit {
        if self.isOurs { close(self.descriptor) }
    }

    /// The next device; `nil` at the end.
    ///
    /// - Throws: ``CommandProblem`` that names the line which cannot be read; none is left out quietly.
    mutating func next() throws(CommandProblem) -> ToldDevice? {
        while let octets = try self.nextLine() {
            guard octets.contains(where: { $0 > 0x20 }) else { continue }
            return try self.device(octets)
        }
        return nil
    }

    private mutating func nextLine() throws(CommandProblem) -> ArraySlice<UInt8>? {
        while true {
            if let end = self.buffer[self.position...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { self.position = end + 1 }
                self.line += 1
                return self.buffer[self.position..<end]
            }
            let rest = self.buffer.count - self.position
            guard rest <= Self.longestLine else {
                self.line += 1
                throw self.problem("is longer than \(Self.longestLine >> 10) KiB")
            }
            if self.isAtEnd {
                guard rest > 0 else { return nil }
                defer { self.position = self.buffer.count }
                self.line += 1
                return self.buffer[self.position...]
            }
            try self.fill()
        }
    }

    private mutating func fill() throws(CommandProblem) {
        self.buffer.removeFirst(self.position)
        self.position = 0
        let size = 256 << 10
        var chunk = [UInt8](repeating: 0, count: size)
        var count = -1
        repeat { count = read(self.descriptor, &chunk, size) } while count < 0 && errno == EINTR
        guard count >= 0 else {
            throw CommandProblem(
                "GH-USAGE-007",
                "\(FileError(path: self.name, code: errno))",
                exit: .usage
            )
        }
        self.isAtEnd = count == 0
        self.buffer.append(contentsOf: chunk[..<count])
    }

    private func device(_ octets: ArraySlice<UInt8>) throws(CommandProblem) -> ToldDevice {
        let document: JSONText
        do throws(JSONText.ReadingError) {
            // Some programs begin their files with a mark.
            document = try JSONText(
                self.line == 1 && octets.starts(with: [0xEF, 0xBB, 0xBF]) ? octets.dropFirst(3) : octets
            )
        } catch {
            throw self.problem("is not JSON: \(error)")
        }
        guard case .object = document else { throw self.problem("is not a JSON object") }
        var thumbprint: [UInt8]?
        if let text = try self.text("sha256", document) {
            let digits = text.filter { $0 != ":" }
            guard let octets = Hexadecimal.decode(digits), octets.count == 32 else {
                throw self.problem("has a sha256 that is not 64 hexadecimal digits")
            }
            thumbprint = octets
        }
        var device: DeviceID?
        if let text = try self.text("device", document) {
            guard let id = DeviceID(text) else {
                throw self.problem("has a device that is no id of a device of ours")
            }
            device = id
        }
        let claimed = try self.text("deviceId", document)
        guard thumbprint != nil || device != nil || claimed != nil else {
            throw self.problem("has none of sha256, device and deviceId")
        }
        return ToldDevice(
            line: self.line,
            thumbprint: thumbprint,
            device: device,
            claimedDeviceID: claimed,
            user: try self.text("user", document),
            lastSeen: try self.moment("lastSeen", document)
        )
    }

    /// A member that is text; missing, null and empty are the same.
    private func text(_ name: String, _ document: JSONText) throws(CommandProblem) -> String? {
        switch document[name] {
        case nil, .null: return nil
        case .string(let text): return text.isEmpty ? nil : text
        default: throw self.problem("has a \(name) that is not text")
        }
    }

    /// RFC 3339, or seconds since 1970.
    private func moment(_ name: String, _ document: JSONText) throws(CommandProblem) -> Timestamp? {
        switch document[name] {
        case nil, .null: return nil
        case .number(let seconds) where (0...4e9).contains(seconds):
            return Timestamp(seconds: Int64(seconds))
        case .string(let text):
            if let moment = MomentArgument.timestamp(text) { return moment }
        default: break
        }
        throw self.problem("has a \(name) that is neither RFC 3339 nor seconds since 1970")
    }

    private func problem(_ what: String) -> CommandProblem {
        CommandProblem(
            "GH-USAGE-017",
            "\(self.name), line \(self.line), \(what)",
            [("see", "gatehouse handoff reconcile --help")],
            exit: .usage
        )
    }
}

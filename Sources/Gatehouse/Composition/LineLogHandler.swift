import EnrollmentCore
import Logging

/// Writes each event as one line on standard error: time, level, message, then facts in the order of their names.
struct LineLogHandler: LogHandler {
    let format: Configuration.LogFormat
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    init(format: Configuration.LogFormat) {
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(
        level: Logger.Level,
        message: Logger.Message,
        metadata: Logger.Metadata?,
        source: String,
        file: String,
        function: String,
        line: UInt
    ) {
        var facts = self.metadata
        if let metadata { facts.merge(metadata) { _, new in new } }
        let ordered = facts.sorted { $0.key < $1.key }
        let time = SystemClock().now.descriptionWithMilliseconds
        switch self.format {
        case .text:
            var line = ""
            line.reserveCapacity(256)
            line.append(time)
            line.append(" ")
            line.append(level.rawValue)
            line.append(" ")
            line.append(message.description)
            for (key, value) in ordered {
                line.append(" ")
                line.append(key)
                line.append("=")
                line.append(Self.quoted(value.description))
            }
            line.append("\n")
            Terminal.explain(line)
        case .json:
            let members: [(String, JSONValue)] = [
                ("time", .string(time)), ("level", .string(level.rawValue)), ("message", .string("\(message)")),
            ]
            let document = JSONValue.object(members + ordered.map { ($0.key, .string("\($0.value)")) })
            Terminal.explain(document.line + "\n")
        }
    }

    /// In quotes when it has blanks, so that a line can be taken apart; never a control character of a client's.
    private static func quoted(_ text: String) -> String {
        // Nearly always nothing has to be changed, and looking is much cheaper than rewriting.
        let isPlain = text.utf8.allSatisfy { octet in
            (0x21...0x7e).contains(octet) && octet != UInt8(ascii: "\"") && octet != UInt8(ascii: "\\")
                && octet != UInt8(ascii: "=")
        }
        if isPlain && !text.isEmpty { return text }
        let printable = Table.printable(text)
        var quoted = "\""
        for character in printable {
            if character == "\"" || character == "\\" { quoted.append("\\") }
            quoted.append(character)
        }
        return quoted + "\""
    }
}

/// One value of a settings file, with the place it stands at.
public struct SettingsValue: Sendable {
    public enum Content: Sendable {
        case null
        case boolean(Bool)
        case number(Double)
        case string(String)
        case array([SettingsValue])
        /// In the file's order.
        case object([(key: String, value: SettingsValue)])
    }

    public let content: Content
    /// Counted from 1.
    public let line: Int

    /// What the value is, for messages.
    var kind: String {
        switch self.content {
        case .null: "null"
        case .boolean: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

/// What is wrong with a settings file, where, and what to do.
public struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as it was named.
    public let file: String
    /// Counted from 1; `nil` when the file as a whole is meant.
    public let line: Int?
    /// Counted from 1, in characters; `nil` where the line is enough.
    public let column: Int?
    /// Dotted path of the key: `listeners.device.port`; empty at the top.
    public let path: String
    public let message: String

    public init(file: String, line: Int?, column: Int? = nil, path: String, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.path = path
        self.message = message
    }

    public var description: String {
        var place = self.file
        if let line = self.line { place += ", line \(line)" }
        if let column = self.column { place += ", column \(column)" }
        return self.path.isEmpty ? "\(place): \(self.message)" : "\(place): \(self.path): \(self.message)"
    }
}

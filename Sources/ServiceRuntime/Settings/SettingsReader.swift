/// Reads one object of a settings file, key by key, and refuses what nobody asked for.
///
/// Every accessor notes the key it asks for; ``finish()`` then reports a key that no accessor knows, with the nearest
/// one that exists.
public final class SettingsReader {
    private let file: String
    private let path: String
    private let line: Int
    private let members: [(key: String, value: SettingsValue)]
    private var known: [String] = []

    /// Reads `text` as JSON5 whose top is an object.
    public convenience init(parsing text: String, file: String) throws(SettingsError) {
        var parser = JSON5Parser(text, file: file)
        try self.init(try parser.parse(), path: "", file: file)
    }

    private init(_ value: SettingsValue, path: String, file: String) throws(SettingsError) {
        guard case .object(let members) = value.content else {
            throw SettingsError(
                file: file,
                line: value.line,
                path: path,
                message: "an object is expected here, not \(value.kind)"
            )
        }
        self.file = file
        self.path = path
        self.line = value.line
        self.members = members
    }

    /// The keys that are there, for objects whose keys are names of things.
    public var keys: [String] { self.members.map(\.key) }

    public func has(_ key: String) -> Bool {
        self.value(key) != nil
    }

    /// Whether a text stands there, for keys that take a word or an object.
    public func holdsText(_ key: String) -> Bool {
        guard case .string = self.value(key)?.content else { return false }
        return true
    }

    // MARK: Scalars

    public func string(_ key: String) throws(SettingsError) -> String? {
        guard let value = self.value(key) else { return nil }
        guard case .string(let text) = value.content else { throw self.mismatch(key, value, "text in quotes") }
        guard !text.isEmpty else { throw self.error(key, "is empty; leave the key out to use its default") }
        return text
    }

    public func string(_ key: String, default fallback: String) throws(SettingsError) -> String {
        try self.string(key) ?? fallback
    }

    public func requiredString(_ key: String) throws(SettingsError) -> String {
        guard let text = try self.string(key) else { throw self.missing(key) }
        return text
    }

    public func boolean(_ key: String, default fallback: Bool) throws(SettingsError) -> Bool {
        guard let value = self.value(key) else { return fallback }
        guard case .boolean(let flag) = value.content else { throw self.mismatch(key, value, "true or false") }
        return flag
    }

    public func integer(_ key: String, in range: ClosedRange<Int>) throws(SettingsError) -> Int? {
        guard let value = self.value(key) else { return nil }
        guard case .number(let number) = value.content, let integer = Int(exactly: number) else {
            throw self.mismatch(key, value, "a whole number")
        }
        guard range.contains(integer) else {
            throw self.error(key, "\(integer) is outside \(range.lowerBound) … \(range.upperBound)")
        }
        return integer
    }

    public func integer(
        _ key: String,
        in range: ClosedRange<Int>,
        default fallback: Int
    ) throws(SettingsError) -> Int {
        try self.integer(key, in: range) ?? fallback
    }

    public func requiredInteger(_ key: String, in range: ClosedRange<Int>) throws(SettingsError) -> Int {
        guard let integer = try self.integer(key, in: range) else { throw self.missing(key) }
        return integer
    }

    /// One of a closed set of words.
    public func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String,
        _ type: Choice.Type
    ) throws(SettingsError) -> Choice? where Choice.RawValue == String {
        guard let text = try self.string(key) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue)
            throw self.error(key, "\(text) is not one of \(words.joined(separator: ", "))\(text.hint(among: words))")
        }
        return choice
    }

    // MARK: Compounds

    public func strings(_ key: String, default fallback: [String] = []) throws(SettingsError) -> [String] {
        guard let value = self.value(key) else { return fallback }
        guard case .array(let elements) = value.content else { throw self.mismatch(key, value, "a list") }
        var texts: [String] = []
        for element in elements {
            guard case .string(let text) = element.content, !text.isEmpty else {
                throw self.mismatch(key, element, "a list of texts in quotes")
            }
            texts.append(text)
        }
        return texts
    }

    public func object(_ key: String) throws(SettingsError) -> SettingsReader? {
        guard let value = self.value(key) else { return nil }
        return try SettingsReader(value, path: self.path(of: key), file: self.file)
    }

    /// Whether the key's value is an object, for keys that take something else as well.
    public func holdsObject(_ key: String) -> Bool {
        if case .object = self.value(key)?.content { true } else { false }
    }

    public func requiredObject(_ key: String) throws(SettingsError) -> SettingsReader {
        guard let reader = try self.object(key) else { throw self.missing(key) }
        return reader
    }

    public func objects(_ key: String) throws(SettingsError) -> [SettingsReader] {
        guard let value = self.value(key) else { return [] }
        guard case .array(let elements) = value.content else { throw self.mismatch(key, value, "a list of objects") }
        var readers: [SettingsReader] = []
        for (index, element) in elements.enumerated() {
            readers.append(try SettingsReader(element, path: "\(self.path(of: key))[\(index)]", file: self.file))
        }
        return readers
    }

    // MARK: Errors

    /// Refuses every key that no accessor asked for.
    public func finish() throws(SettingsError) {
        guard let stranger = self.members.first(where: { !self.known.contains($0.key) }) else { return }
        let path = self.path(of: stranger.key)
        let hint = stranger.key.hint(among: self.known)
        throw SettingsError(file: self.file, line: stranger.value.line, path: path, message: "unknown key\(hint)")
    }

    /// An error at the place of `key`, for rules this reader does not know.
    public func error(_ key: String, _ message: String) -> SettingsError {
        let line = self.members.first { $0.key == key }?.value.line ?? self.line
        return SettingsError(file: self.file, line: line, path: self.path(of: key), message: message)
    }

    public func missing(_ key: String) -> SettingsError {
        let strangers = self.members.filter { !self.known.contains($0.key) }
        guard let misspelt = strangers.first(where: { $0.key.isMisspelling(of: key) }) else {
            return self.error(key, "is missing")
        }
        return self.error(misspelt.key, "unknown key; did you mean \(key), which is missing?")
    }

    private func mismatch(_ key: String, _ value: SettingsValue, _ expected: String) -> SettingsError {
        SettingsError(
            file: self.file,
            line: value.line,
            path: self.path(of: key),
            message: "\(expected) is expected, not \(value.kind)"
        )
    }

    private func path(of key: String) -> String {
        self.path.isEmpty ? key : "\(self.path).\(key)"
    }

    private func value(_ key: String) -> SettingsValue? {
        if !self.known.contains(key) { self.known.append(key) }
        return self.members.first { $0.key == key }?.value
    }
}

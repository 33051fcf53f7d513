internal import EnrollmentCore

/// The parameters of a query, taken apart strictly: each known, each once (WHATWG URL § 5.1).
package struct QueryString: Sendable {
    /// Longer ones have been made by nobody who means well, in octets.
    private static let longest = 2_048

    private let values: [String: String]

    /// No parameters.
    package init() {
        self.values = [:]
    }

    /// - Parameters:
    ///   - text: What followed `?`, as sent.
    ///   - known: The names that the route knows.
    /// - Throws: ``Problem`` for a name that nobody knows or that is there twice, and for broken escapes.
    package init(_ text: String?, known: [String]) throws(Problem) {
        guard let text, !text.isEmpty else {
            self.values = [:]
            return
        }
        guard text.utf8.count <= Self.longest else {
            throw Problem(.badRequest, "The query is longer than \(Self.longest) octets.")
        }
        var values: [String: String] = [:]
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(parts[0]), let value = parts.count > 1 ? Self.decode(parts[1]) : "" else {
                throw Problem(.badRequest, "The query has an escape that is none, or text that is not UTF-8.")
            }
            guard known.contains(name) else {
                let names = known.isEmpty ? "none" : known.joined(separator: ", ")
                throw Problem(.badRequest, "There is no query parameter of that name here; known: \(names).")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw Problem(.badRequest, "The query parameter \(name) is there twice.")
            }
        }
        self.values = values
    }

    private static func decode(_ octets: some Collection<UInt8>) -> String? {
        var decoded: [UInt8] = []
        var rest = Array(octets)[...]
        while let octet = rest.popFirst() {
            switch octet {
            case UInt8(ascii: "+"): decoded.append(0x20)
            case UInt8(ascii: "%"):
                guard rest.count >= 2, let pair = Hexadecimal.decode(String(decoding: rest.prefix(2), as: UTF8.self))
                else { return nil }
                decoded += pair
                rest = rest.dropFirst(2)
            default: decoded.append(octet)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    package subscript(name: String) -> String? { self.values[name] }

    /// A whole number within a range; the fallback where the parameter is not there.
    package func integer(_ name: String, in range: ClosedRange<Int>, default fallback: Int) throws(Problem) -> Int {
        guard let text = self.values[name] else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw Problem(
                .badRequest,
                "\(name) is no whole number from \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return value
    }

    /// How many elements a page is to have.
    package func limit() throws(Problem) -> Int {
        try self.integer("limit", in: PageSize.range, default: 100)
    }

    /// One of a closed set of words; `nil` where the parameter is not there.
    package func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String,
        _ type: Choice.Type
    ) throws(Problem) -> Choice? where Choice.RawValue == String {
        guard let text = self.values[name] else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(.badRequest, "\(name) is none of \(words).")
        }
        return choice
    }
}

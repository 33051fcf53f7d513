internal import EnrollmentCore

/// What whoever was asked has to say: `{"decision": "allow"|"deny", "reason": …, "attributes": {…}}`.
package struct AuthoriseAnswer: Hashable, Sendable {
    /// Octets of an answer.
    package static let largestBody = 64 << 10
    static let mostAttributes = 32
    /// Octets of an attribute's name and value, in UTF-8.
    static let longestName = 64
    static let longestValue = 1_024

    enum Decision: String, Hashable, Sendable {
        case allow
        case deny
    }

    /// Why an answer is none.
    struct Unreadable: Error, Hashable, Sendable {
        /// Part of a sentence; holds nothing of the answer but names of members.
        let reason: String
    }

    let decision: Decision
    /// For the person at the device.
    let reason: String?
    /// In the order in which they were written.
    let attributes: [Fact]

    /// Reads an answer.
    ///
    /// A member that is not known is refused: a misspelt one would be silently lost.
    init(reading body: [UInt8]) throws(Unreadable) {
        guard body.count <= Self.largestBody else {
            throw Unreadable(reason: "it is larger than \(Self.largestBody >> 10) KiB")
        }
        let document: JSONText
        do throws(JSONText.ReadingError) {
            document = try JSONText(body, depth: 2)
        } catch {
            throw Unreadable(reason: "it is not JSON as expected: \(error)")
        }
        guard case .object(let members) = document else { throw Unreadable(reason: "it is not a JSON object") }
        var decision: Decision?
        var reason: String?
        var attributes: [Fact] = []
        for member in members {
            switch (member.name, member.value) {
            case ("decision", .string(let word)): decision = Decision(rawValue: word)
            case ("reason", .null), ("attributes", .null): break
            case ("reason", .string(let text)):
                // Cleaned before anybody sees it; an attribute goes on as it is.
                reason = try Self.bounded(text, of: "reason")
            case ("attributes", .object(let members)): attributes = try Self.attributes(members)
            case ("decision", _), ("reason", _), ("attributes", _):
                throw Unreadable(reason: "its member \(member.name) is of another kind")
            default:
                throw Unreadable(reason: "it has a member that is none of decision, reason and attributes")
            }
        }
        guard let decision else { throw Unreadable(reason: "its decision is neither allow nor deny") }
        self.decision = decision
        self.reason = reason
        self.attributes = attributes
    }

    private static func attributes(_ members: [JSONText.Member]) throws(Unreadable) -> [Fact] {
        guard members.count <= Self.mostAttributes else {
            throw Unreadable(reason: "it has more than \(Self.mostAttributes) attributes")
        }
        var attributes: [Fact] = []
        for member in members {
            guard !member.name.isEmpty, member.name.utf8.count <= Self.longestName, Self.isPrintable(member.name) else {
                throw Unreadable(
                    reason: "an attribute's name is empty, longer than \(Self.longestName) octets or not printable"
                )
            }
            guard case .string(let text) = member.value, Self.isPrintable(text) else {
                throw Unreadable(reason: "an attribute is not a string, or holds a control character")
            }
            attributes.append(Fact(member.name, try Self.bounded(text, of: "attribute")))
        }
        return attributes
    }

    private static func bounded(_ text: String, of name: StaticString) throws(Unreadable) -> String {
        guard text.utf8.count <= Self.longestValue else {
            throw Unreadable(reason: "its \(name) is longer than \(Self.longestValue) octets")
        }
        return text
    }

    private static func isPrintable(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}

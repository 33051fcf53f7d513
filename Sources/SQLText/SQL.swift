/// The text of one SQL statement, or of a script, written out in the source.
///
/// It can only be made from literals: whatever comes from outside has to be bound, so there is nothing to escape and
/// nothing to inject. The literal's address names the statement, which makes finding a prepared one cheap; keep what
/// is put together with `+` in a constant, or each use is a statement of its own.
public struct SQL: Sendable, ExpressibleByStringLiteral {
    private enum Form: Sendable {
        case literal(StaticString)
        case composed(Composition)
    }

    /// A class, so that its address can name the statement.
    private final class Composition: Sendable {
        let text: String

        init(_ text: String) {
            self.text = text
        }
    }

    private let form: Form

    public init(stringLiteral value: StaticString) {
        precondition(value.hasPointerRepresentation, "a single character is not a statement")
        self.form = .literal(value)
    }

    /// Puts two literals together, a blank between them.
    public static func + (left: SQL, right: SQL) -> SQL {
        SQL(composed: left.text + " " + right.text)
    }

    private init(composed text: String) {
        self.form = .composed(Composition(text))
    }

    /// The statement as written.
    public var text: String {
        switch self.form {
        case .literal(let literal): literal.description
        case .composed(let composition): composition.text
        }
    }

    /// Names the statement within this process: the same literal has the same address.
    public var address: UInt {
        switch self.form {
        case .literal(let literal): UInt(bitPattern: literal.utf8Start)
        case .composed(let composition): UInt(bitPattern: ObjectIdentifier(composition))
        }
    }

    /// Lends the statement's UTF-8 octets; not terminated.
    public func withCharacters<Result>(_ body: (UnsafeBufferPointer<CChar>) -> Result) -> Result {
        switch self.form {
        case .literal(let literal):
            return literal.withUTF8Buffer { $0.withMemoryRebound(to: CChar.self, body) }
        case .composed(let composition):
            var text = composition.text
            return text.withUTF8 { $0.withMemoryRebound(to: CChar.self, body) }
        }
    }
}

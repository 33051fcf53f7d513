/// The text of one SQL statement, or of a script, written out in the source.
///
/// It can only be made from a literal: whatever comes from outside has to be bound, so there is nothing to escape and
/// nothing to inject. The literal's address names the statement, which makes finding a prepared one cheap.
public struct SQL: Sendable, ExpressibleByStringLiteral {
    let literal: StaticString

    public init(stringLiteral value: StaticString) {
        precondition(value.hasPointerRepresentation, "a single character is not a statement")
        self.literal = value
    }

    /// The statement as written.
    public var text: String { self.literal.description }

    var address: UInt { UInt(bitPattern: self.literal.utf8Start) }
}

/// One named way in which a good value is made a different one; a row of a test's table.
public struct Deviation<Subject>: Sendable, CustomStringConvertible {
    public let description: String
    private let change: @Sendable (inout Subject) -> Void

    public init(_ description: String, _ change: @escaping @Sendable (inout Subject) -> Void) {
        self.description = description
        self.change = change
    }

    /// The value after the change.
    public func applied(to subject: Subject) -> Subject {
        var copy = subject
        self.change(&copy)
        return copy
    }
}

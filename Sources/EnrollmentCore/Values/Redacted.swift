/// A value that must not reach a log, a fault or a debugger by accident.
///
/// Interpolating, dumping or reflecting it shows a placeholder. Reading it takes a call that is easy to search for.
public struct Redacted<Value: Sendable>: Sendable {
    private let value: Value

    public init(_ value: Value) {
        self.value = value
    }

    public func reveal() -> Value {
        self.value
    }
}

extension Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var debugDescription: String { self.description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

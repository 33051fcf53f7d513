/// Why octets are not what they should be, or a value cannot be encoded.
public struct X509Error: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong, in words fit for an operator: `subjectPublicKeyInfo: not DER`.
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}

/// Turns the DER library's untyped errors into this kit's own, with the place they happened.
func asX509Error<Result>(
    _ place: @autoclosure () -> String,
    _ body: () throws -> Result
) throws(X509Error) -> Result {
    do {
        return try body()
    } catch let error as X509Error {
        throw error
    } catch {
        throw X509Error("\(place()): \(error)")
    }
}

/// An address that cannot be listened on.
package struct HTTPListenerError: Error, Hashable, Sendable {
    package let host: String
    package let port: Int
    /// The system's words, as in `Address already in use`.
    package let reason: String
}

extension HTTPListenerError: CustomStringConvertible {
    package var description: String { "cannot listen on \(self.host), port \(self.port): \(self.reason)" }
}

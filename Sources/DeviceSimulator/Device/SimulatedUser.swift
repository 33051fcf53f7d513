/// A person who enrolls devices: a name and a password.
///
/// The password is shown nowhere: describing or dumping this value gives the name alone.
public struct SimulatedUser: Sendable {
    /// As typed: `kim@example.com` or `EXAMPLE\kim`.
    public let name: String
    let password: String

    public init(name: String, password: String) {
        self.name = name
        self.password = password
    }

    /// What discovery is told as the mail address.
    ///
    /// For `DOMAIN\user` the documents show two backslashes.
    var address: String {
        self.name.split(separator: "\\", maxSplits: 1, omittingEmptySubsequences: false).joined(separator: "\\\\")
    }
}

extension SimulatedUser: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { self.name }
    public var debugDescription: String { self.name }
    public var customMirror: Mirror { Mirror(self, children: ["name": self.name]) }
}

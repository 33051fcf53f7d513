/// What a database server says of itself, for whoever examines it.
package struct ServerFacts: Hashable, Sendable {
    /// Such as `15.8`.
    package let version: String
    /// Protocol of the connection that asked; `nil` where it is not protected.
    package let tlsVersion: String?
    /// The server's address as the connection sees it; `nil` for a socket of this machine.
    package let address: String?
    package let isStandby: Bool
    /// Whether a standby is fed at this moment.
    package let isReceiving: Bool
    /// Microseconds since 1970 of the latest commit that a standby has repeated.
    package let replayed: Int64?
    /// The server's clock in microseconds since 1970, read as late as possible.
    package let clock: Int64
    /// Of this session, which asks for `on` whatever the server's default is.
    package let synchronousCommit: String
    package let synchronousStandbys: String
    package let syncsFiles: Bool
    package let writesFullPages: Bool
    package let hasChecksums: Bool
    package let connections: Int
    package let mostConnections: Int
    package let octets: Int64
    /// Whether the user may do everything everywhere.
    package let isSuperuser: Bool
}

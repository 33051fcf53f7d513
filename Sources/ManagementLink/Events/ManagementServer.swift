package import OpenSSLKit

/// What a device was told of its management server, for those who are told of the device.
package struct ManagementServer: Hashable, Sendable {
    /// As the device shows it.
    package let name: String
    /// Where the device goes, the first first.
    package let addresses: [String]

    package init(name: String, addresses: [String]) {
        self.name = name
        self.addresses = addresses
    }
}

/// Whether a receiver of events learns the secrets by which device and management server know each other.
package enum AccountDisclosure: Sendable {
    /// Encrypted to the receiver.
    case encrypted(to: RecipientKey)
    /// It does not need them: TLS client certificates carry the trust.
    case omitted
}

internal import CurlKit

/// Addresses that may be connected to although they are refused otherwise, as an operator writes them.
package struct AllowedAddresses: Hashable, Sendable {
    /// Kinds of addresses.
    package static let words = [AddressGuard.Kind.loopback, .linkLocal, .metadata].map(\.rawValue)

    private let texts: [String]

    /// Whether it is a kind or a network.
    package static func isKnown(_ text: String) -> Bool {
        self.words.contains(text) || AddressNetwork(text) != nil
    }

    /// - Parameter texts: ``words`` and networks; others count for nothing.
    package init(_ texts: [String] = []) {
        self.texts = texts
    }

    var addressGuard: AddressGuard {
        AddressGuard(
            allowing: Set(self.texts.compactMap(AddressGuard.Kind.init(rawValue:))),
            networks: self.texts.compactMap { AddressNetwork($0) }
        )
    }
}

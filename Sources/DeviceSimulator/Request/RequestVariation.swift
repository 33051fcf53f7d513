/// How a certificate request departs from the ordinary one.
public enum RequestVariation: String, Hashable, Sendable, CaseIterable {
    /// As Windows 11 sends it.
    case ordinary
    /// The common name as a PrintableString, which may hold no `!`, with a trailing NUL: seen from real devices.
    case printableString
    /// RSA of 1024 bits: to be refused.
    case weakKey
    /// Asks for `CA:TRUE`: never to be granted.
    case certificateAuthority
    /// Asks for a host name besides: never to be granted.
    case extraNames
    /// One bit of the signature is wrong: to be refused.
    case brokenSignature

    /// Length of the modulus a device makes for it, when the policy asks for no more.
    var keyLength: Int { self == .weakKey ? 1024 : 2048 }
}

/// Why a certificate is revoked (RFC 5280 § 5.3.1); the raw value is the standard's number.
///
/// `removeFromCRL` belongs to delta CRLs alone, which are not made here.
public enum RevocationReason: Int, Hashable, Sendable, CaseIterable {
    case unspecified = 0
    case keyCompromise = 1
    case cACompromise = 2
    case affiliationChanged = 3
    case superseded = 4
    case cessationOfOperation = 5
    /// Suspended; the only reason that can be lifted.
    case certificateHold = 6
    case privilegeWithdrawn = 9
    case aACompromise = 10

    /// The standard's name, as commands take and show it.
    public var name: String { "\(self)" }

    /// The reason of that name, any case.
    public init?(name: String) {
        let name = name.lowercased()
        guard let reason = Self.allCases.first(where: { $0.name.lowercased() == name }) else { return nil }
        self = reason
    }

    /// Whether this reason may take the place of `former` in a revocation that is there already.
    ///
    /// A hold gives way to everything, and a compromised key has to be told whatever was said before it: verifiers
    /// treat signatures made earlier differently then.
    public func replaces(_ former: RevocationReason) -> Bool {
        guard self != former else { return false }
        return former == .certificateHold || (self == .keyCompromise && former != .cACompromise)
    }
}

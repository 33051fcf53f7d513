/// Why a certificate is on a CRL (RFC 5280 § 5.3.1), by the number it is written as.
public enum CRLReason: UInt8, Hashable, Sendable, CaseIterable {
    /// Never written: a missing reason means this.
    case unspecified = 0
    case keyCompromise = 1
    case cACompromise = 2
    case affiliationChanged = 3
    case superseded = 4
    case cessationOfOperation = 5
    case certificateHold = 6
    /// Only for delta CRLs, which this authority does not make.
    case removeFromCRL = 8
    case privilegeWithdrawn = 9
    case aACompromise = 10
}

/// How a renewal is written: the documents leave room, and clients use it.
public struct RenewalForm: Hashable, Sendable {
    /// The `ValueType` of the token.
    public enum ValueType: String, Hashable, Sendable, CaseIterable {
        /// `…wss-wssecurity-secext-1.0.xsd#PKCS7` ([MS-MDE2] § 3.5).
        case mde2
        /// `…/pki/2009/01/enrollment#PKCS7` ([MS-MDE] and [MS-WSTEP]).
        case mde1

        var text: String {
            switch self {
            case .mde2: "\(Names.security)#PKCS7"
            case .mde1: "\(Names.enrollment)#PKCS7"
            }
        }
    }

    /// How often the message is turned into base64 before it stands in the token.
    public enum Encoding: String, Hashable, Sendable, CaseIterable {
        case once
        case twice
    }

    public var valueType = ValueType.mde2
    public var encoding = Encoding.once
    /// Whether the request names the certificate it renews in `szOID_RENEWAL_CERTIFICATE`.
    public var namesCertificate = true
    /// Whether the PKCS #10 travels inside CMC's PKIData instead of alone.
    public var wrapsManagementMessage = false

    public init() {}
}

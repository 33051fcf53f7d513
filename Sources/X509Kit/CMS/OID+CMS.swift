internal import SwiftASN1

/// What signed messages and the requests inside them name.
extension OID {
    static let data: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 7, 1]
    static let signedData: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 7, 2]
    static let contentType: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 9, 3]
    static let messageDigest: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 9, 4]

    static let sha1: ASN1ObjectIdentifier = [1, 3, 14, 3, 2, 26]
    static let sha256: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 1]
    static let sha384: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 2]
    static let sha512: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 3]
    static let rsaWithSHA1: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 1, 5]
    static let ecdsaWithSHA1: ASN1ObjectIdentifier = [1, 2, 840, 10_045, 4, 1]

    /// CMC's PKIData (RFC 5272 § 3.2.1).
    static let pkiData: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 12, 2]
    /// What a request in CMC names in place of a signature algorithm (RFC 5272 appendix C.2).
    static let noSignature: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 6, 2]

    /// Microsoft's attribute that holds the certificate to be renewed ([MS-WCCE] § 2.2.2.7.3).
    static let renewalCertificate: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 311, 13, 1]
    /// Microsoft's attribute that names where the key was made ([MS-WCCE] § 2.2.2.7.2).
    static let enrollmentProvider: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 311, 13, 2, 2]
}

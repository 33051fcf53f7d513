internal import EnrollmentCore
internal import XMLKit

/// Reads the `wsse:BinarySecurityToken` that carries a device's request.
///
/// `EncodingType` is not looked at: clients write it in several ways, and the content is base64 in all of them.
enum RequestToken {
    private static let longestCertificateRequest = 16 * 1024
    private static let longestSignedRequest = 32 * 1024

    /// A PKCS #10 request ([MS-MDE2] § 3.4.4.1.1.1).
    ///
    /// - Throws: ``EnrollmentError``: `messageFormat` for another kind of token, a PKCS #7 message among them;
    ///   `certificateRequest` for broken base64 and beyond 16 KiB.
    static func certificateRequest(in token: XMLElement) throws(EnrollmentError) -> [UInt8] {
        let type = Self.valueType(of: token)
        guard type == "\(Namespace.enrollment)#PKCS10" else {
            throw .messageFormat(
                "The token in the request is not marked as a PKCS #10 request."
                    + (Self.isSigned(type) ? " A device that renews says so in the RequestType." : ""),
                rule: "enrollment.value-type"
            )
        }
        let octets = try Self.decode(try token.octetsAlone, rule: "enrollment.base64")
        return try Self.bounded(octets, Self.longestCertificateRequest, rule: "enrollment.request-size")
    }

    /// A PKCS #7 message around the request, signed with the key of the certificate to be renewed ([MS-MDE2] § 3.5.4).
    ///
    /// Windows' documentation has the message encoded once where a device renews by itself and twice where its user was
    /// asked; here either is read in either case.
    ///
    /// - Throws: ``EnrollmentError``: `messageFormat` for another kind of token; `certificateRequest` for broken base64,
    ///   base64 three deep and beyond 32 KiB.
    static func signedRequest(in token: XMLElement) throws(EnrollmentError) -> [UInt8] {
        guard Self.isSigned(Self.valueType(of: token)) else {
            throw .messageFormat(
                "The token in the request is not marked as a PKCS #7 message, which a renewal is.",
                rule: "renewal.value-type"
            )
        }
        var octets = try Self.decode(try token.octetsAlone, rule: "renewal.base64")
        // No SignedData is base64 by chance: its object identifier holds octets that base64 does not.
        if let inner = Base64.decode(octets[...]), !inner.isEmpty {
            octets = inner
            guard Base64.decode(octets[...]) == nil else {
                throw EnrollmentError(
                    .certificateRequest,
                    "The signed request is base64 within base64 within base64.",
                    rule: "renewal.base64"
                )
            }
        }
        return try Self.bounded(octets, Self.longestSignedRequest, rule: "renewal.request-size")
    }

    /// [MS-MDE2] and [MS-WSTEP] spell it differently.
    private static func isSigned(_ type: String?) -> Bool {
        type == "\(Namespace.security)#PKCS7" || type == "\(Namespace.enrollment)#PKCS7"
    }

    private static func valueType(of token: XMLElement) -> String? {
        token.attribute("ValueType").map { WireText.trimmed($0) }
    }

    private static func decode(_ symbols: ArraySlice<UInt8>, rule: String) throws(EnrollmentError) -> [UInt8] {
        guard let octets = Base64.decode(symbols), !octets.isEmpty else {
            throw EnrollmentError(.certificateRequest, "The certificate request is not base64.", rule: rule)
        }
        return octets
    }

    private static func bounded(
        _ octets: [UInt8],
        _ limit: Int,
        rule: String
    ) throws(EnrollmentError) -> [UInt8] {
        guard octets.count <= limit else {
            throw EnrollmentError(
                .certificateRequest,
                "The certificate request is larger than any key this server certifies needs.",
                rule: rule,
                facts: [Fact("octets", "\(octets.count)"), Fact("allowed", "\(limit)")]
            )
        }
        return octets
    }
}

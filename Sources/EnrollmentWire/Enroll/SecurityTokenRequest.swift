internal import EnrollmentCore
internal import XMLKit

/// A `wst:RequestSecurityToken` that asks for a first certificate ([MS-MDE2] § 3.4.4.1.1.1).
struct SecurityTokenRequest: Sendable {
    private static let longestCertificateRequest = 16 * 1024
    private static let tokenType =
        "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken"

    /// PKCS #10, DER as sent.
    let certificateRequest: [UInt8]
    let claims: DeviceClaims

    /// - Parameters:
    ///   - body: The request.
    ///   - attempt: Is told what the device claims before anything can be wrong with the certificate request, so that the
    ///     record of a refusal says whose it was.
    /// - Throws: ``EnrollmentError``: `messageFormat`, `certificateRequest` when the request's base64 is broken,
    ///   `notEligibleToRenew` for a renewal, `notSupported` for what the protocol knows and this server does not offer.
    init(_ body: XMLElement, notedIn attempt: inout Attempt) throws(EnrollmentError) {
        try Self.checkType(body)
        self.claims = try ContextItems.claims(in: body, notedIn: &attempt)
        self.certificateRequest = try Self.certificateRequest(in: body)
    }

    private static func checkType(_ body: XMLElement) throws(EnrollmentError) {
        let requestType = try body.required("RequestType", in: Namespace.trust).value(atMost: 512)
        switch requestType {
        case "\(Namespace.trust)/Issue":
            break
        case "\(Namespace.trust)/Renew":
            throw EnrollmentError(
                .notEligibleToRenew,
                "The device asked to renew its certificate; renewal is not offered, it has to enroll again.",
                rule: "enrollment.renewal"
            )
        case "\(Namespace.trust)/Recovery", "\(Namespace.trust)/KET", "\(Namespace.enrollment)/QueryTokenStatus":
            throw EnrollmentError(
                .notSupported,
                "The device asked for something other than a certificate, which is not offered.",
                rule: "enrollment.request-type",
                facts: [Fact("requestType", requestType)]
            )
        default:
            throw .messageFormat(
                "The RequestType is none of the protocol's.",
                rule: "enrollment.request-type",
                facts: [Fact("requestType", requestType)]
            )
        }
        guard try body.required("TokenType", in: Namespace.trust).value == Self.tokenType else {
            throw .messageFormat("The TokenType is not the device enrollment token.", rule: "enrollment.token-type")
        }
    }

    private static func certificateRequest(in body: XMLElement) throws(EnrollmentError) -> [UInt8] {
        let token = try body.required("BinarySecurityToken", in: Namespace.security)
        let type = token.attribute("ValueType").map { WireText.trimmed($0) }
        guard type == "\(Namespace.enrollment)#PKCS10" else {
            throw .messageFormat(
                "The token in the request is not marked as a PKCS #10 request.",
                rule: "enrollment.value-type"
            )
        }
        guard let octets = Base64.decode(try token.octetsAlone), !octets.isEmpty else {
            throw EnrollmentError(
                .certificateRequest,
                "The certificate request is not base64.",
                rule: "enrollment.base64"
            )
        }
        guard octets.count <= Self.longestCertificateRequest else {
            throw EnrollmentError(
                .certificateRequest,
                "The certificate request is larger than any key this server certifies needs.",
                rule: "enrollment.request-size",
                facts: [Fact("octets", "\(octets.count)"), Fact("allowed", "\(Self.longestCertificateRequest)")]
            )
        }
        return octets
    }
}

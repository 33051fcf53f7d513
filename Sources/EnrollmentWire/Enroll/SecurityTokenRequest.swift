internal import EnrollmentCore
internal import XMLKit

/// A `wst:RequestSecurityToken`: what a device asks for, and what it says about itself ([MS-MDE2] § 3.4.4.1.1.1, § 3.5.4).
struct SecurityTokenRequest: Sendable {
    /// What is asked for.
    enum Purpose: Sendable {
        /// A first certificate.
        case enrollment
        /// The next certificate in place of one that the device holds.
        case renewal
    }

    private static let tokenType =
        "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken"

    /// DER as sent: PKCS #10 for a first certificate, CMS SignedData around one for the next.
    let message: [UInt8]
    let claims: DeviceClaims

    /// - Parameters:
    ///   - body: The request.
    ///   - purpose: What it asks for, from ``purpose(of:)``.
    ///   - attempt: Is told what the device claims before anything can be wrong with the certificate request, so that the
    ///     record of a refusal says whose it was.
    /// - Throws: ``EnrollmentError``: `messageFormat`, `certificateRequest` when the request's base64 is broken.
    init(_ body: XMLElement, asking purpose: Purpose, notedIn attempt: inout Attempt) throws(EnrollmentError) {
        guard try body.required("TokenType", in: Namespace.trust).value == Self.tokenType else {
            throw .messageFormat("The TokenType is not the device enrollment token.", rule: "enrollment.token-type")
        }
        self.claims = try ContextItems.claims(in: body, notedIn: &attempt)
        let token = try body.required("BinarySecurityToken", in: Namespace.security)
        self.message =
            switch purpose {
            case .enrollment: try RequestToken.certificateRequest(in: token)
            case .renewal: try RequestToken.signedRequest(in: token)
            }
    }

    /// Tells a renewal from an enrollment.
    ///
    /// - Throws: ``EnrollmentError``: `notEligibleToRenew` for a recovery, which ends the way a refused renewal does: the
    ///   user enrolls again. `notSupported` for what the protocol knows and this server does not offer, `messageFormat` for
    ///   anything else.
    static func purpose(of body: XMLElement) throws(EnrollmentError) -> Purpose {
        let requestType = try body.required("RequestType", in: Namespace.trust).value(atMost: 512)
        switch requestType {
        case "\(Namespace.trust)/Issue":
            return .enrollment
        case "\(Namespace.trust)/Renew":
            return .renewal
        case "\(Namespace.trust)/Recovery":
            throw EnrollmentError(
                .notEligibleToRenew,
                "The device asked for a certificate in place of one it lost, with nothing to prove that it held it;"
                    + " recovery is not offered, the user has to enroll the device again.",
                rule: "enrollment.recovery"
            )
        case "\(Namespace.trust)/KET", "\(Namespace.enrollment)/QueryTokenStatus":
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
    }
}

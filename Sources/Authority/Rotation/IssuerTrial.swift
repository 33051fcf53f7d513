internal import EnrollmentCore
internal import OpenSSLKit

/// Has a new issuer's throw-away key sign what the issuer is made for, and judges that; nothing is recorded.
struct IssuerTrial: Sendable {
    let maker: CertificateMaker
    /// Of what an issuing authority signs.
    let device: CertificateProfile
    /// Of what a root signs.
    let issuing: CertificateProfile
    let addresses: AuthorityAddresses

    /// - Throws: ``EnrollmentError`` with the first rule of the lint that would be broken, or when the key is not the
    ///   certificate's.
    func run(
        _ id: String,
        as role: IssuerRecord.Role,
        key: any IssuerKey,
        certificate: [UInt8],
        answersOCSP: Bool
    ) async throws(EnrollmentError) {
        let party = try SigningParty(id: id, key: key, certificate: certificate)
        let profile = role == .root ? self.issuing : self.device
        let subject = try await KeyBench().generate(.ecdsaP256)
        let order = CertificateMaker.Order(
            profile: profile,
            subject: profile.subject + [.init(.commonName, "trial")],
            alternativeNames: role == .root ? [] : [.uri("urn:uuid:00000000-0000-4000-8000-000000000000")],
            key: subject,
            locations: answersOCSP ? .all(self.addresses) : .withoutOCSP(self.addresses)
        )
        _ = try self.maker.rehearse(order, by: party)
    }
}

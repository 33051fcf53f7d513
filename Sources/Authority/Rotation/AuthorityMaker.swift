internal import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// Makes the certificates of roots and issuing authorities, for a founding and for every rotation after it.
struct AuthorityMaker: Sendable {
    let maker: CertificateMaker
    let organization: String
    let addresses: AuthorityAddresses

    /// What a new root's certificate says, and who signs it: itself.
    func rootOrder(
        _ id: String,
        key: any IssuerKey,
        profile: CertificateProfile
    ) throws(EnrollmentError) -> (order: CertificateMaker.Order, signer: SigningParty) {
        let order = self.order(id, as: .root, key: key, profile: profile, locations: .none)
        let name = try CertificateEncoder.name(order.subject, of: profile.name)
        return (order, try SigningParty(rootID: id, key: key, subject: name.der))
    }

    /// What a new issuing authority's certificate says; a root whose key is not at hand has no OCSP responder.
    func issuingOrder(
        _ id: String,
        key: any IssuerKey,
        profile: CertificateProfile,
        answersOCSP: Bool
    ) -> CertificateMaker.Order {
        self.order(
            id,
            as: .issuing,
            key: key,
            profile: profile,
            locations: answersOCSP ? .all(self.addresses) : .withoutOCSP(self.addresses)
        )
    }

    /// Certifies one root's key by another root.
    ///
    /// It ends with whichever of the two ends first, and permits one authority less below it than the root that signs.
    func linkOrder(
        to subject: IssuerRecord,
        by signer: SigningParty,
        profile: CertificateProfile,
        answersOCSP: Bool
    ) throws(EnrollmentError) -> CertificateMaker.Order {
        let (certificate, depth) = try encoding("rotation.link", "A root's certificate in the store cannot be read") {
            () throws(X509Error) in
            (try Certificate(der: subject.certificate), try signer.certificate?.pathLength())
        }
        var order = CertificateMaker.Order(
            profile: profile,
            subject: try AuthorityName.attributes(of: subject),
            keyType: try KeyType(of: subject),
            publicKeyInfo: certificate.publicKeyInfo,
            locations: answersOCSP ? .all(self.addresses) : .withoutOCSP(self.addresses)
        )
        order.role = .authority(pathLength: depth.map { max(0, $0 - 1) })
        order.latestEnd = try KeyRotation.end(of: subject)
        return order
    }

    private func order(
        _ id: String,
        as role: IssuerRecord.Role,
        key: any IssuerKey,
        profile: CertificateProfile,
        locations: CertificateMaker.Locations
    ) -> CertificateMaker.Order {
        CertificateMaker.Order(
            profile: profile,
            subject: AuthorityName.attributes(of: id, as: role, organization: self.organization, profile: profile),
            keyType: key.type,
            publicKeyInfo: key.publicKeyInfo,
            locations: locations
        )
    }
}

internal import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

extension RotationService {
    /// Which link certificates lead to a root that is to be published, and from it back.
    private func wishes(
        for id: String,
        in rotation: KeyRotation
    ) async throws(EnrollmentError) -> [(subject: IssuerRecord, signer: IssuerRecord)] {
        let links = try await self.ports.ledger.links()
        return LinkSelection.pairs(for: id, among: rotation.standings.map(\.issuer)).filter { wish in
            !links.contains { $0.subjectID == wish.subject.id && $0.signedBy == wish.signer.id }
        }
    }

    /// Whether the links can be made.
    func judgeLinks(to id: String, in rotation: KeyRotation) async throws(EnrollmentError) {
        for (subject, signer) in try await self.wishes(for: id, in: rotation) {
            try self.requireAtHand(signer, for: subject)
            let (order, party) = try await self.link(to: subject, by: signer)
            _ = try self.maker.rehearse(order, by: party)
        }
    }

    /// Makes the links that are missing; a crash before this may have left one or both.
    func makeLinks(to id: String, in rotation: KeyRotation) async throws(EnrollmentError) {
        let wishes = try await self.wishes(for: id, in: rotation)
        for (subject, signer) in wishes { try self.requireAtHand(signer, for: subject) }
        for (subject, signer) in wishes {
            let (order, party) = try await self.link(to: subject, by: signer)
            let (certificate, receipt) = try await self.maker.issue(order, by: party)
            let link = LinkCertificate(
                subjectID: subject.id,
                signedBy: signer.id,
                serialNumber: certificate.serialNumber,
                certificate: certificate.der
            )
            do throws(EnrollmentError) {
                try await self.ports.ledger.confirmLink(link, certificate: certificate, receipt: receipt)
            } catch  where error.rule == "rotation.link-exists" {
                // Somebody else was at it; theirs is as good.
                continue
            }
        }
    }

    /// Revokes the certificates in which other roots vouch for one that is gone.
    func revokeLinks(
        to id: String,
        _ reason: RevocationReason,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) {
        let serials = try await self.ports.ledger.links().filter { $0.subjectID == id }.map(\.serialNumber)
        guard !serials.isEmpty else { return }
        let order = RevocationOrder(
            serialNumbers: serials,
            reason: reason,
            act: try self.companion(of: act, .revoke)
        )
        _ = try await self.ports.ledger.revoke(order)
    }

    /// Ends what an offline root was asked for, for a root or by one that is gone.
    func withdrawCeremonies(of id: String, by act: AdministrativeAct) async throws(EnrollmentError) {
        for ceremony in try await self.ports.ledger.ceremonies() where ceremony.state == .open {
            let asked = try CeremonyRequest(octets: ceremony.request).rootID
            guard ceremony.issuerID == id || asked == id else { continue }
            let companion = try self.companion(of: act, .withdrawCeremony)
            _ = try await self.ports.ledger.closeCeremony(ceremony.id, as: .withdrawn, act: companion)
        }
    }

    private func link(
        to subject: IssuerRecord,
        by signer: IssuerRecord
    ) async throws(EnrollmentError) -> (CertificateMaker.Order, SigningParty) {
        let party = try await self.party(of: signer)
        let authorities = AuthorityMaker(
            maker: self.maker,
            organization: "",
            addresses: self.rules.addresses
        )
        let order = try authorities.linkOrder(
            to: subject,
            by: party,
            profile: self.rules.root,
            answersOCSP: signer.key.isAtHand
        )
        return (order, party)
    }

    private func requireAtHand(_ signer: IssuerRecord, for subject: IssuerRecord) throws(EnrollmentError) {
        guard !self.ports.keys.isAtHand(signer) else { return }
        let way =
            signer.key.place == "split"
            ? "is split. Bring its shares: --share-file."
            : "is \(signer.key.place). It comes by a ceremony: gatehouse ca links."
        throw EnrollmentError(
            .authorization,
            "\(subject.id) needs a link certificate by \(signer.id), whose key \(way) Nothing was done.",
            rule: "rotation.link-missing",
            facts: [Fact("subject", subject.id), Fact("signer", signer.id)]
        )
    }
}

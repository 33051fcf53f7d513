package import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// The authority whose keys are in this process.
///
/// Keys are opened once, when it is made, and stay for its life.
package final class LocalAuthority: CertificateAuthority {
    package let activeIssuer: ActiveIssuer
    private let parties: [String: SigningParty]
    private let bench = SigningBench()

    /// Opens every issuing key in `records` that may still sign.
    ///
    /// - Throws: ``EnrollmentError`` when there is no active issuer, a key cannot be opened or does not belong to its
    ///   certificate.
    package init(records: [IssuerRecord], keys: any IssuerKeySource) throws(EnrollmentError) {
        guard let active = records.last(where: { $0.role == .issuing && $0.state == .active }) else {
            throw EnrollmentError(
                .internalService,
                "The store holds no active issuer. Run gatehouse init for a new store, or restore the right one.",
                rule: "issuer.active"
            )
        }
        let party = try SigningParty(
            id: active.id,
            key: try keys.key(of: active),
            certificate: active.certificate
        )
        self.parties = [active.id: party]
        self.activeIssuer = ActiveIssuer(
            id: active.id,
            notAfter: try Self.end(of: party),
            authorities: try Self.authorities(from: active, in: records)
        )
    }

    /// Its issuer is fixed.
    package func refresh() async throws(EnrollmentError) {}

    package func prepare(_ draft: CertificateDraft) async throws(EnrollmentError) -> PreparedCertificate {
        let party = try self.party(draft.issuerID)
        // Later there would be an intent on record for each request that a lost token does not sign.
        try await party.key.ensureReach()
        return party.key.isSlowToSign
            ? try await self.bench.prepare(draft, for: party) : try CertificateEncoder.prepare(draft, for: party)
    }

    package func sign(_ ticket: consuming IssuanceTicket) async throws(EnrollmentError) -> IssuedCertificate {
        let prepared = ticket.prepared
        let party = try self.party(prepared.draft.issuerID)
        return party.key.isSlowToSign
            ? try await self.bench.sign(prepared, by: party) : try await CertificateEncoder.sign(prepared, by: party)
    }

    private func party(_ id: String) throws(EnrollmentError) -> SigningParty {
        guard let party = self.parties[id] else {
            throw EnrollmentError(.internalService, "Issuer \(id) does not sign here.", rule: "issuer.unknown")
        }
        return party
    }

    private static func end(of party: SigningParty) throws(EnrollmentError) -> Timestamp {
        try encoding("issuer.certificate", "The certificate of issuer \(party.id) has no readable end") {
            () throws(X509Error) in
            Timestamp(seconds: try party.certificate?.notAfterSeconds() ?? 0)
        }
    }

    /// The issuer's certificate and those above it, up to a root; then what devices are to know before they need it, and
    /// a root that is to be trusted already though the issuer is still below the former one.
    private static func authorities(from issuer: IssuerRecord, in records: [IssuerRecord]) throws(EnrollmentError)
        -> [AuthorityCertificate]
    {
        var authorities = [AuthorityCertificate(issuer)]
        var current = issuer
        while current.signedBy != current.id {
            guard let above = records.first(where: { $0.id == current.signedBy }), authorities.count < 8 else {
                throw EnrollmentError(
                    .internalService,
                    "The store lacks issuer \(current.signedBy), which signed \(current.id). Restore the store.",
                    rule: "issuer.chain"
                )
            }
            authorities.append(AuthorityCertificate(above))
            current = above
        }
        let known = authorities.map(\.issuerID)
        let coming = records.filter { record in
            record.state == .published || record.state == .active && record.role == .root
        }
        return authorities + coming.filter { !known.contains($0.id) }.map { AuthorityCertificate($0) }
    }
}

extension AuthorityCertificate {
    fileprivate init(_ record: IssuerRecord) {
        self.init(issuerID: record.id, der: record.certificate, isRoot: record.role == .root)
    }
}

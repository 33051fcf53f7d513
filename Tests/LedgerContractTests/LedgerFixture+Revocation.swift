internal import EnrollmentCore
internal import Ledger
internal import Testing

extension LedgerFixture {
    static let issuer = "2026-a"

    /// A prepared certificate that names a shard of CRLs.
    static func prepared(shard: Int?, days: Int = 365, key: [UInt8] = octets(32)) -> PreparedCertificate {
        let plain = Self.prepared(key: key)
        let draft = CertificateDraft(
            profile: plain.draft.profile,
            serialNumber: plain.draft.serialNumber,
            issuerID: Self.issuer,
            subject: plain.draft.subject,
            validity: Validity(from: Self.start, backdatedBy: 300, days: days, within: nil),
            publicKeyInfo: plain.draft.publicKeyInfo,
            role: .endEntity,
            keyUsage: .digitalSignature,
            purposes: [.clientAuth],
            alternativeNames: [],
            crlShard: shard
        )
        return PreparedCertificate(
            draft: draft,
            toBeSigned: plain.toBeSigned,
            toBeSignedDigest: plain.toBeSignedDigest,
            keyDigest: plain.keyDigest,
            subject: plain.subject
        )
    }

    static func act(
        _ verb: AdministrativeAct.Verb = .revoke,
        at moment: Timestamp = start.adding(days: 1),
        reason: String = "The notebook was stolen."
    ) -> AdministrativeAct {
        AdministrativeAct(
            traceID: TraceID(random: Self.octets(11)),
            verb: verb,
            actor: "kim@helpdesk-7",
            reason: reason,
            ticket: "HD-4711",
            time: moment
        )
    }

    static func order(
        _ serials: [SerialNumber],
        _ reason: RevocationReason = .keyCompromise,
        at moment: Timestamp = start.adding(days: 1)
    ) -> RevocationOrder {
        RevocationOrder(serialNumbers: serials, reason: reason, act: Self.act(at: moment))
    }

    static func serial() -> SerialNumber { SerialNumber(node: 1, random: Self.octets(16)) }

    /// A CRL of that turn, as far as the ledger looks into one.
    static func crl(by turn: CRLTurn, at moment: Timestamp, entries: Int = 0) -> PublishedCRL {
        let der = Self.octets(300 + 37 * entries)
        return PublishedCRL(
            shard: turn.shard,
            facts: CRLFacts(
                number: turn.number,
                thisUpdate: moment,
                nextUpdate: moment.adding(days: 1),
                entryCount: entries,
                through: turn.through,
                thumbprint: Self.octets(32),
                octetCount: der.count
            ),
            der: der
        )
    }
}

extension CRLTurnOutcome {
    var turn: CRLTurn? {
        if case .turn(let turn) = self { turn } else { nil }
    }
}

extension RevocationLedger {
    /// Takes a turn of a minute.
    func turn(at shard: CRLShard, holder: String = "one", now: Timestamp = LedgerFixture.start) async throws -> CRLTurn
    {
        let outcome = try await self.takeTurn(at: shard, holder: holder, now: now, until: now.adding(seconds: 60))
        return try #require(outcome.turn)
    }

    /// Makes the next CRL of the shard, all steps.
    @discardableResult
    func makeCRL(of shard: CRLShard, holder: String = "one", at now: Timestamp) async throws -> PublishedCRL {
        let turn = try await self.turn(at: shard, holder: holder, now: now)
        try await self.record(turn, toBeSignedDigest: LedgerFixture.octets(32), at: now)
        let crl = LedgerFixture.crl(by: turn, at: now)
        try await self.publish(crl, by: turn, at: now)
        return crl
    }
}

/// The rule of the error that `body` has to throw.
func rule(_ body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? EnrollmentError)?.rule
    }
}

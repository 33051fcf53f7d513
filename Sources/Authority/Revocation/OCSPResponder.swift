package import EnrollmentCore
internal import ServiceRuntime
internal import Synchronization
internal import X509Kit

/// Answers what certificates are worth (RFC 6960): from a cache that an event loop may ask itself, or with a fresh
/// signature over what the ledger says.
///
/// ``follow()`` has to be called every 250 ms or so: it learns of revocations, drops what they made wrong and signs it
/// anew, before anybody asks.
package final class OCSPResponder: Sendable {
    package struct Settings: Hashable, Sendable {
        /// Seconds an answer may be relied on; from half of it on we give a newer one.
        package var validity: Int64
        /// Answers kept, about 1 kB each.
        package var capacity: Int

        package init(validity: Int64 = 3_600, capacity: Int = 50_000) {
            self.validity = validity
            self.capacity = capacity
        }
    }

    /// What ``follow()`` did.
    package struct Round: Hashable, Sendable {
        /// Steps of the revocation log.
        package var changes = 0
        /// Answers signed though nobody was waiting.
        package var presigned = 0
    }

    private struct State: Sendable {
        var cache: OCSPAnswerCache
        var validity: Int64
        var signers: [String: OCSPSigner] = [:]
        /// The last step of the revocation log that the cache shows; `nil` before the first look.
        var followed: Int64?
        var lastLook: Timestamp?
    }

    private static let changesAtOnce = 500
    /// Takes less than 0.1 s; what was dropped besides is signed when somebody asks.
    private static let presignedAtOnce = 1_000
    /// A log that was not read for so long may have been shortened meanwhile; seconds.
    private static let longestGap: Int64 = 3_600

    private let ledger: any RevocationLedger
    private let authority: any AuthorityLedger
    private let vault: Vault
    private let keys: IssuerKeys
    private let clock: any WallClock
    private let asOf: @Sendable () -> Timestamp?
    private let bench = OCSPBench()
    private let state: Mutex<State>

    /// - Parameters:
    ///   - ledger: What certificates are worth.
    ///   - authority: Has the responders' certificates.
    ///   - vault: Opens their keys.
    ///   - keys: Whose certificates are spoken of.
    ///   - clock: Dates answers.
    ///   - settings: How long they count, and how many are kept.
    ///   - asOf: Up to which moment the ledger shows what happened, where it is behind, as a standby's copy is; `nil` for
    ///     the present. What was revoked since is not in an answer, so it says that moment and not the present.
    package init(
        ledger: any RevocationLedger,
        authority: any AuthorityLedger,
        vault: Vault,
        keys: IssuerKeys,
        clock: any WallClock,
        settings: Settings = Settings(),
        asOf: @escaping @Sendable () -> Timestamp? = { nil }
    ) {
        self.ledger = ledger
        self.authority = authority
        self.vault = vault
        self.keys = keys
        self.clock = clock
        self.asOf = asOf
        self.state = Mutex(State(cache: OCSPAnswerCache(capacity: settings.capacity), validity: settings.validity))
    }

    /// Changes how long answers made from now on may be relied on; seconds.
    package func setValidity(_ seconds: Int64) {
        self.state.withLock { $0.validity = seconds }
    }

    // MARK: Answering

    /// The answer that is at hand: takes microseconds, blocks nothing, and may be called by an event loop.
    ///
    /// - Returns: `nil` when it has to be made by ``answer(_:)``.
    package func cached(for request: [UInt8]) -> OCSPAnswer? {
        let question: OCSPRequest
        do throws(X509Error) {
            question = try OCSPRequest(der: request)
        } catch {
            return .malformed
        }
        guard question.nonce == nil, question.certificateIDs.count == 1 else { return nil }
        let now = self.clock.now
        return self.state.withLock { $0.cache.answer(to: question.certificateIDs[0].der, at: now) }
    }

    /// Answers any request; the protocol's own errors are answers too.
    ///
    /// - Returns: The answer, and the error behind an `internalError` or `tryLater`, for the log.
    package func answer(_ request: [UInt8]) async -> (answer: OCSPAnswer, error: EnrollmentError?) {
        let question: OCSPRequest
        do throws(X509Error) {
            question = try OCSPRequest(der: request)
        } catch {
            return (.malformed, nil)
        }
        let identifiers = question.certificateIDs
        let now = self.clock.now
        if question.nonce == nil, identifiers.count == 1 {
            let kept = self.state.withLock { $0.cache.answer(to: identifiers[0].der, at: now) }
            if let kept { return (kept, nil) }
        }
        // One signature can speak for one issuer alone.
        guard let issuer = self.keys.issuers.first(where: { $0.issued(identifiers[0]) }),
            identifiers.allSatisfy(issuer.issued)
        else { return (OCSPAnswer(.unauthorized), nil) }
        do throws(EnrollmentError) {
            guard let signer = try await self.signer(for: issuer.id, at: now) else {
                return (OCSPAnswer(.tryLater), nil)
            }
            return (try await self.sign(identifiers, nonce: question.nonce, by: signer), nil)
        } catch {
            let isPassing = error.code == .inMaintenance
            return (OCSPAnswer(isPassing ? .tryLater : .internalError), error)
        }
    }

    private func sign(
        _ identifiers: [OCSPCertificateID],
        nonce: [UInt8]?,
        by signer: OCSPSigner
    ) async throws(EnrollmentError) -> OCSPAnswer {
        // Before the ledger is asked: a step that comes in between may have made its answer wrong.
        let (followed, validity) = self.state.withLock { ($0.followed, $0.validity) }
        let asOf = self.asOf()
        var statuses: [(OCSPCertificateID, CertificateStatus)] = []
        for identifier in identifiers {
            guard let serialNumber = SerialNumber(octets: identifier.serialNumber) else {
                statuses.append((identifier, .unknown))
                continue
            }
            let status = try await self.ledger.status(of: serialNumber, issuedBy: signer.issuerID)
            if status == .unknown, let asOf {
                // It may have been issued since, and is good elsewhere.
                throw EnrollmentError(
                    .inMaintenance,
                    "The store knows no certificate \(serialNumber), and shows what happened until \(asOf) alone.",
                    rule: "ocsp.behind"
                )
            }
            statuses.append((identifier, status))
        }
        let now = self.clock.now
        let moment = asOf ?? now
        guard moment.adding(seconds: validity) > now else {
            throw EnrollmentError(
                .inMaintenance,
                "The store shows what happened until \(moment) and not since: an answer of that age would not count.",
                rule: "ocsp.behind"
            )
        }
        let answer =
            signer.isSlow
            ? try await self.bench.sign(statuses, nonce: nonce, at: now, asOf: moment, validFor: validity, by: signer)
            : try signer.sign(statuses, nonce: nonce, at: now, asOf: moment, validFor: validity)
        self.keep(answer, to: identifiers[0], of: signer.issuerID, asOf: followed)
        return answer
    }

    /// Keeps an answer unless the revocation log went on while it was made.
    private func keep(
        _ answer: OCSPAnswer,
        to identifier: OCSPCertificateID,
        of issuerID: String,
        asOf followed: Int64?
    ) {
        guard answer.isCacheable, let begin = answer.thisUpdate, let end = answer.nextUpdate,
            let serialNumber = SerialNumber(octets: identifier.serialNumber)
        else { return }
        let kept = OCSPAnswerCache.Kept(
            question: identifier.der,
            issuerID: issuerID,
            serialNumber: serialNumber,
            answer: answer,
            staleFrom: begin.adding(seconds: (end.seconds - begin.seconds) / 2),
            wasAsked: false
        )
        self.state.withLock { state in
            guard let followed, state.followed == followed else { return }
            state.cache.insert(kept)
        }
    }

    // MARK: Signers

    /// Reads the responder certificates anew; to be called when one was renewed, and now and then because another
    /// process may have done it.
    package func reloadSigners() async throws(EnrollmentError) {
        var signers: [String: OCSPSigner] = [:]
        let known = self.state.withLock { $0.signers }
        for issuer in self.keys.issuers {
            let use = ServiceCertificateKeeper.use(ofResponderFor: issuer.id)
            guard let record = try await self.authority.serviceCertificate(for: use) else { continue }
            if let same = known[issuer.id], same.certificate == record.chain.first {
                signers[issuer.id] = same
            } else {
                signers[issuer.id] = try OCSPSigner(record, for: issuer.id, vault: self.vault)
            }
        }
        self.state.withLock { [signers] in $0.signers = signers }
    }

    /// - Returns: `nil` when the issuer has no responder certificate that is valid now.
    private func signer(for issuerID: String, at now: Timestamp) async throws(EnrollmentError) -> OCSPSigner? {
        if let signer = self.state.withLock({ $0.signers[issuerID] }), signer.notAfter > now { return signer }
        try await self.reloadSigners()
        return self.state.withLock { $0.signers[issuerID] }.flatMap { $0.notAfter > now ? $0 : nil }
    }

    // MARK: Following

    /// Catches up with the revocation log, then signs what will soon be stale and is asked for.
    package func follow() async throws(EnrollmentError) -> Round {
        var round = Round()
        let now = self.clock.now
        let (followed, lastLook) = self.state.withLock { ($0.followed, $0.lastLook) }
        if let followed, let lastLook, abs(now.seconds(since: lastLook)) < Self.longestGap {
            try await self.catchUp(from: followed, into: &round)
        } else {
            let newest = try await self.ledger.newestChange()
            self.state.withLock { state in
                state.cache.removeAll()
                state.followed = newest
            }
        }
        self.state.withLock { $0.lastLook = now }
        let due = self.state.withLock { state in
            let soon = now.adding(seconds: max(1, state.validity / 32))
            return state.cache.due(by: soon, window: 5_000, limit: 200)
        }
        for renewal in due where try await self.presign(renewal.question, of: renewal.issuerID) {
            round.presigned += 1
        }
        return round
    }

    /// Drops whatever the whole rest of the log made wrong before anything is signed: in a mass revocation the last must
    /// not wait for the signatures of the first.
    private func catchUp(from start: Int64, into round: inout Round) async throws(EnrollmentError) {
        var followed = start
        var dropped: [(question: [UInt8], issuerID: String)] = []
        while true {
            let changes = try await self.ledger.changes(after: followed, limit: Self.changesAtOnce)
            guard let last = changes.last else { break }
            round.changes += changes.count
            followed = last.ordinal
            dropped += self.drop(changes, through: followed)
        }
        for (question, issuerID) in dropped.prefix(Self.presignedAtOnce)
        where try await self.presign(question, of: issuerID) {
            round.presigned += 1
        }
    }

    /// Forgets every answer that the changes may have made wrong.
    private func drop(_ changes: [RevocationChange], through ordinal: Int64) -> [(question: [UInt8], issuerID: String)]
    {
        let issuers = self.keys.issuers
        var questions: [(question: [UInt8], issuerID: String)] = []
        for change in changes {
            guard let issuer = issuers.first(where: { $0.id == change.shard.issuerID }) else { continue }
            questions += issuer.identifiers(of: change.serialNumber).map { ($0.der, issuer.id) }
        }
        return self.state.withLock { [questions] state in
            state.followed = ordinal
            return questions.filter { state.cache.remove($0.question) }
        }
    }

    private func presign(_ question: [UInt8], of issuerID: String) async throws(EnrollmentError) -> Bool {
        let identifier: OCSPCertificateID
        do throws(X509Error) {
            identifier = try OCSPCertificateID(der: question)
        } catch {
            // It was read from a request before it was kept.
            throw EnrollmentError(.internalService, "A kept question cannot be read: \(error).", rule: "ocsp.question")
        }
        guard let signer = try await self.signer(for: issuerID, at: self.clock.now) else { return false }
        _ = try await self.sign([identifier], nonce: nil, by: signer)
        return true
    }

    /// Answers kept now, for metrics.
    package var keptAnswers: Int { self.state.withLock { $0.cache.count } }
}

/// Where slow signatures are made, off the cooperative pool.
private actor OCSPBench {
    private let executor = BlockingExecutor(label: "gatehouse.ocsp")

    nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }

    func sign(
        _ statuses: [(OCSPCertificateID, CertificateStatus)],
        nonce: [UInt8]?,
        at now: Timestamp,
        asOf moment: Timestamp,
        validFor seconds: Int64,
        by signer: OCSPSigner
    ) throws(EnrollmentError) -> OCSPAnswer {
        try signer.sign(statuses, nonce: nonce, at: now, asOf: moment, validFor: seconds)
    }
}

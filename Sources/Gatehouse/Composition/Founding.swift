import Authority
import EnrollmentCore
import Glibc
import Ledger
import OpenSSLKit

/// Makes a new authority in the configured store, which has to be empty.
struct Founding {
    private static let lease = "init"
    private static let leaseSeconds: Int64 = 120
    /// For which an offline root's first CRLs are valid.
    private static let listDays = 180

    let opening: StoreOpening
    let plan: AuthorityFounder.Plan
    /// What replicas will have in common.
    let agreement: Agreement
    /// Certificate of a root that is kept elsewhere, DER; `nil` for one that is made here.
    let offline: [UInt8]?
    /// The tokens on which keys are made; those of which there are none are sealed in the store.
    let seats: Seats
    private let clock = SystemClock()

    /// Where keys of authorities are made, by names of tokens in the configuration.
    struct Seats: Sendable {
        var root: String?
        var issuer: String?
    }

    /// What came of it.
    struct Outcome: Sendable {
        let result: Made
        /// Files that were made besides the store.
        let made: [String]
        /// Whether an earlier founding had left something, which is gone.
        var hadRest = false
    }

    /// What the store holds then.
    enum Made: Sendable {
        case complete(AuthorityFounder.Result)
        /// Everything but what an offline root has to sign.
        case waiting(CeremonyService.Asked, AdministrativeAct)
    }

    init(
        _ opening: StoreOpening,
        plan: AuthorityFounder.Plan,
        agreement: Agreement,
        seats: Seats = Seats(),
        offline: [UInt8]? = nil
    ) {
        self.opening = opening
        self.plan = plan
        self.agreement = agreement
        self.offline = offline
        self.seats = seats
    }

    func perform() async throws(CommandProblem) -> Outcome {
        switch self.opening.configuration.store {
        case .sqlite(let path): try await self.make(path)
        case .postgres: try await self.fill()
        }
    }

    private func fill(
        _ ledger: any LedgerStore,
        _ passphrase: Redacted<[UInt8]>
    ) async throws(EnrollmentError) -> Made {
        let (vault, parameters) = try Vault.create(passphrase: SecretOctets(passphrase.reveal()))
        let result = try await self.found(ledger, vault)
        if self.opening.configuration.store.isShared {
            _ = try await ledger.addToAgreement(self.agreement.settings, at: self.clock.now)
        }
        // Last: without them nothing of it can be used.
        try await ledger.storeSealingParameters(parameters)
        return result
    }

    private func found(_ ledger: any LedgerStore, _ vault: Vault) async throws(EnrollmentError) -> Made {
        let tokens = self.opening.configuration.tokenKeys()
        guard let offline = self.offline else {
            let founder = AuthorityFounder(
                ledger: ledger,
                vault: vault,
                rootKeys: try self.maker(self.seats.root, tokens),
                issuerKeys: try self.maker(self.seats.issuer, tokens),
                clock: self.clock,
                random: OpenSSLRandomSource()
            )
            return .complete(try await founder.found(self.plan))
        }
        let service = CeremonyService(ledger, KeyRing(vault: vault, tokens: tokens), self.opening.configuration)
        _ = try await service.adopt(root: offline, id: self.plan.rootID, profile: self.plan.rootProfile)
        var order = CeremonyService.Order(
            id: self.plan.issuerID,
            organization: self.plan.organization,
            key: self.plan.issuerKey,
            profile: self.plan.issuingProfile,
            listDays: Self.listDays
        )
        order.notes = CeremonyService.notes(serverNames: self.plan.serverNames, key: self.plan.serverKey)
        let act = try Mandate(reason: "new place with an offline root", ticket: nil)
            .act(.prepareIssuer, at: self.clock.now)
        let asked = try await service.askForIssuer(
            order,
            as: .founding,
            keyMaker: try self.maker(self.seats.issuer, tokens),
            keys: vault,
            act: act
        )
        return .waiting(asked, act)
    }

    private func maker(_ name: String?, _ tokens: TokenKeys) throws(EnrollmentError) -> TokenKeyMaker? {
        guard let name else { return nil }
        return try TokenKeyMaker(name, of: tokens, random: OpenSSLRandomSource())
    }

    // MARK: - A file

    /// Under another name until it is complete.
    private func make(_ path: String) async throws(CommandProblem) -> Outcome {
        guard !FilePath.exists(path) else { throw Self.isThere(path, "name another place in store.path") }
        let (passphrase, made) = try NewPlace.passphrase(self.opening.configuration.passphrase)
        do throws(FileError) {
            try FilePath.createFolder(FilePath.folder(of: path), mode: 0o700)
        } catch {
            throw CommandProblem("GH-INIT-002", "\(error)", exit: .failed)
        }
        SecureHeap.initialize(size: 1 << 18)
        let store = try StoreInTheMaking(path: path)
        do throws(EnrollmentError) {
            let settings = LedgerSettings(path: store.partialPath)
            let ledger = try await SQLiteLedger.open(settings, access: .founding, logger: self.opening.logger)
            do throws(EnrollmentError) {
                let result = try await self.fill(ledger, passphrase)
                await ledger.close()
                try store.finish()
                return Outcome(result: result, made: made)
            } catch {
                await ledger.close()
                throw error
            }
        } catch {
            store.discard()
            throw CommandProblem(error)
        }
    }

    // MARK: - A server

    /// Under a lease: of two at once one waits for nothing and says who is at it.
    private func fill() async throws(CommandProblem) -> Outcome {
        let ledger = try await self.opening.open(.founding)
        do throws(CommandProblem) {
            let outcome = try await self.fillAlone(ledger)
            await ledger.close()
            return outcome
        } catch {
            await ledger.close()
            throw error
        }
    }

    private func fillAlone(_ ledger: any LedgerStore) async throws(CommandProblem) -> Outcome {
        if case .readOnly(let reason) = ledger.standing {
            throw CommandProblem(
                "GH-INIT-004",
                "an authority cannot be made here: \(reason)",
                [("try", "name the primary server in store.url, or add target_session_attrs=read-write to it")],
                exit: .unavailable
            )
        }
        let holder = "\(CommandActor.name), process \(getpid())"
        let taken = try await answer { () throws(EnrollmentError) in
            let now = self.clock.now
            let until = now.adding(seconds: Self.leaseSeconds)
            return try await ledger.takeLeases([Self.lease], holder: holder, now: now, until: until)[Self.lease]
        }
        if case .held(let other, let until) = taken {
            throw CommandProblem(
                "GH-INIT-005",
                "another init is at work in this store",
                [("who", other), ("until", "\(until) at the latest"), ("try", "gatehouse cert list, in a moment")],
                exit: .refused
            )
        }
        do throws(CommandProblem) {
            let outcome = try await self.fillUnderLease(ledger)
            try await answer { () throws(EnrollmentError) in
                try await ledger.giveBackLeases([Self.lease], holder: holder)
            }
            return outcome
        } catch {
            // The error says what went wrong; the lease ends by itself, too.
            try? await ledger.giveBackLeases([Self.lease], holder: holder)
            throw error
        }
    }

    private func fillUnderLease(_ ledger: any LedgerStore) async throws(CommandProblem) -> Outcome {
        let name = self.opening.configuration.store.name
        let isFull = try await answer { () throws(EnrollmentError) in try await ledger.sealingParameters() != nil }
        guard !isFull else { throw Self.isThere(name, "name another database in store.url") }
        let hadRest = try await answer { () throws(EnrollmentError) in try await ledger.clearUnfinishedFounding() }
        let (passphrase, made) = try NewPlace.passphrase(self.opening.configuration.passphrase)
        SecureHeap.initialize(size: 1 << 18)
        let result = try await answer { () throws(EnrollmentError) in try await self.fill(ledger, passphrase) }
        return Outcome(result: result, made: made, hadRest: hadRest)
    }

    private static func isThere(_ store: String, _ remedy: String) -> CommandProblem {
        CommandProblem(
            "GH-INIT-001",
            "there is a store already: \(store)",
            [("try", "\(remedy), or look at it: gatehouse cert list")],
            exit: .refused
        )
    }
}

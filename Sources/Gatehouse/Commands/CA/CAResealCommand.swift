import ArgumentParser
import Authority
import EnrollmentCore
import Ledger
import OpenSSLKit

extension CACommand {
    struct Reseal: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal keys anew: for another passphrase, or a root's for people who hold shares of it.",
            discussion: """
                With --new-passphrase-file every key in the store is sealed under a fresh data key, in one transaction, and
                only the new passphrase opens the store from then on. Services that run go on. Put the new passphrase in
                the place of the former one at every replica, afterwards: each takes it up within two seconds.

                With --shares a root's key is sealed under a key of its own, of which each of N people gets a share; any K
                of them open it. The service cannot sign with it from then on: its CRLs are made by whoever has the shares.
                With --share-file it is sealed for the passphrase again; --share-file - asks for a share at the terminal.
                A copy of the store from before, such as a backup, still has the key sealed for the passphrase.

                Rehearses unless --commit --plan ID is given.

                  gatehouse ca reseal --new-passphrase-file /etc/gatehouse/next
                  gatehouse ca reseal R1 --shares 3/5 --share-folder /media/usb/R1
                  gatehouse ca reseal R1 --share-file a.txt --share-file b.txt --share-file c.txt
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "A root, for --shares and --share-file.")
        var root: String?
        @Option(help: "File with the passphrase that is to open the store, mode 0600.")
        var newPassphraseFile: String?
        @Option(help: "How many shares are needed, of how many there are, such as 3/5; 16 at most.")
        var shares: String?
        @Option(help: "Where the shares are written, each to a file of its own; a folder that is made.")
        var shareFolder: String?
        @Option(
            help: "A share of the root's key, repeatable, - asks at the terminal: seals it for the passphrase again."
        )
        var shareFile: [String] = []
        @Flag(help: "Do it, instead of rehearsing; needs --plan.")
        var commit = false
        @Option(help: "Only if the facts are still those of the rehearsal that gave this id.")
        var plan: String?
        @Option(help: "Why, in your words; kept with the record of the act. Needed with --commit.")
        var reason: String?
        @Option(help: "Number of the ticket in your own system.")
        var ticket: String?

        func perform() async throws(CommandProblem) -> CommandOutput {
            let wish = try self.wish()
            guard self.plan == nil || self.commit else { throw .usage("--plan belongs to --commit", see: "ca reseal") }
            guard !self.commit || self.reason != nil else {
                throw .usage("--commit needs a --reason, which is kept", see: "ca reseal")
            }
            return try await self.common.withWritableLedger { (ledger, configuration) throws(CommandProblem) in
                let vault = try await Vault.open(by: configuration, in: ledger)
                let keys = try await answer { () throws(EnrollmentError) in try await ledger.sealedKeys() }
                let screen = try await answer { () throws(EnrollmentError) in
                    try ResealScreen(wish, keys, words: self.words, config: self.common.config)
                }
                let unneeded = try await Self.unneeded(vault, in: ledger)
                guard self.commit else {
                    // Whatever stands in the way shows now: the whole change is made, and thrown away.
                    _ = try Self.change(wish, keys, vault, without: unneeded)
                    return screen.rehearsal(note: Self.keep(screen, of: configuration))
                }
                try self.compare(screen, configuration)
                let outcome = try Self.change(wish, keys, vault, without: unneeded)
                let done = try await self.carryOut(wish, keys, outcome, in: ledger)
                return screen.done(
                    done.trace,
                    files: done.files,
                    left: Self.forget(try configuration.store.place())
                )
            }
        }

        /// How many of the oldest data keys nothing needs any more; asked only when there is no room for another.
        private static func unneeded(_ vault: Vault, in ledger: any LedgerStore) async throws(CommandProblem) -> Int {
            guard vault.isFull else { return 0 }
            return try await answer { () throws(EnrollmentError) in
                var oldest = Int.max
                var last: Int64 = 0
                while true {
                    let accounts = try await ledger.sealedAccounts(after: last, limit: 1_000)
                    guard let newest = accounts.last else { return oldest }
                    last = newest.ordinal
                    for account in accounts {
                        let purpose = ManagementAccount.sealingPurpose(of: account.device)
                        // What none opens is nothing that a key is kept for.
                        oldest = min(oldest, vault.age(ofKeyFor: account.sealed, purpose: purpose) ?? oldest)
                    }
                }
            }
        }

        /// Has the store let go of the former keys.
        ///
        /// - Returns: Why it did not, or not all; the keys were sealed anew all the same.
        private static func forget(_ place: StorePlace) -> String? {
            do throws(EnrollmentError) {
                return try place.forgetFormerKeys()
            } catch {
                return error.detail
            }
        }

        /// What is to be done with which secrets.
        enum Wish {
            case passphrase(Redacted<[UInt8]>, from: String)
            case split(String, ShareNumbers, folder: String)
            case join(String, [KeyShare])
        }

        private func wish() throws(CommandProblem) -> Wish {
            switch (self.root, self.newPassphraseFile, self.shares, self.shareFolder, self.shareFile.isEmpty) {
            case (nil, let file?, nil, nil, true):
                return .passphrase(try SecretReference.file(file).fetch(), from: file)
            case (let root?, nil, let text?, let folder?, true):
                guard let numbers = ShareNumbers(argument: text) else {
                    throw .usage(
                        "--shares takes how many are needed of how many, such as 3/5: 2 to 16, of which at least 2",
                        see: "ca reseal"
                    )
                }
                return .split(root, numbers, folder: folder)
            case (let root?, nil, nil, nil, false):
                return .join(root, try ShareFiles.read(self.shareFile))
            default:
                throw .usage(
                    "either --new-passphrase-file, or a root with --shares and --share-folder, or a root with --share-file",
                    see: "ca reseal"
                )
            }
        }

        /// As they were given, for the command that the rehearsal proposes.
        private var words: [String] {
            var words = self.root.map { [$0] } ?? []
            if let newPassphraseFile { words += ["--new-passphrase-file", newPassphraseFile] }
            if let shares { words += ["--shares", shares] }
            if let shareFolder { words += ["--share-folder", shareFolder] }
            return words + self.shareFile.flatMap { ["--share-file", $0] }
        }

        private struct Outcome {
            let change: Resealing
            var shares: [KeyShare] = []
            /// Opens the store afterwards.
            let vault: Vault
        }

        private static func change(
            _ wish: Wish,
            _ keys: SealedKeys,
            _ vault: Vault,
            without unneeded: Int
        ) throws(CommandProblem) -> Outcome {
            let resealer = Resealer(keys, vault: vault)
            do throws(EnrollmentError) {
                switch wish {
                case .passphrase(let secret, _):
                    let (change, next) = try resealer.plan(
                        passphrase: SecretOctets(secret.reveal()),
                        without: unneeded
                    )
                    return Outcome(change: change, vault: next)
                case .split(let root, let numbers, _):
                    let (change, shares) = try resealer.split(
                        root,
                        threshold: numbers.threshold,
                        count: numbers.count
                    )
                    return Outcome(change: change, shares: shares, vault: vault)
                case .join(let root, let shares):
                    return Outcome(change: try resealer.join(root, shares: shares), vault: vault)
                }
            } catch {
                throw CommandProblem(error)
            }
        }

        private func compare(_ screen: ResealScreen, _ configuration: Configuration) throws(CommandProblem) {
            guard let named = self.plan.map(PlanID.normalized) else {
                throw .usage("--commit needs the --plan ID that the rehearsal gave", see: "ca reseal")
            }
            guard named != screen.plan else { return }
            _ = Self.keep(screen, of: configuration)
            throw PlanDifference(
                former: PlanFolder(of: configuration).facts(of: named),
                facts: screen.facts,
                id: screen.plan,
                summary: screen.title,
                command: screen.command(committing: false)
            ).problem("GH-RESEAL-001", named)
        }

        private func carryOut(
            _ wish: Wish,
            _ keys: SealedKeys,
            _ planned: Outcome,
            in ledger: any LedgerStore
        ) async throws(CommandProblem) -> (trace: TraceID, files: [String]) {
            let mandate = try OrderOptions.mandate(reason: self.reason ?? "", ticket: self.ticket)
            var outcome = planned
            // The shares are on disk, and open the key from there, before they are the only way to it.
            var files: [String] = []
            if case .split(let root, _, let folder) = wish, let next = outcome.change.issuers[root]?.next {
                files = try ShareFiles.write(outcome.shares, of: root, to: folder)
                outcome.shares = try ShareFiles.proved(files, open: next, of: root)
            }
            let proof = outcome
            let act = try await answer { () throws(EnrollmentError) in
                let act = try mandate.act(.reseal, at: SystemClock().now)
                try await ledger.reseal(proof.change, act: act)
                try await self.prove(wish, proof, in: ledger)
                return act
            }
            return (act.traceID, files)
        }

        /// Opens every key that was sealed anew as whoever comes next will: from the store, by the new secret.
        private func prove(
            _ wish: Wish,
            _ outcome: Outcome,
            in ledger: any LedgerStore
        ) async throws(EnrollmentError) {
            let keys = try await ledger.sealedKeys()
            let vault: Vault
            if case .passphrase(let secret, _) = wish {
                vault = try Vault(passphrase: SecretOctets(secret.reveal()), parameters: keys.parameters ?? [])
            } else {
                vault = outcome.vault
            }
            let changed = keys.issuers.filter { outcome.change.issuers[$0.id] != nil }
            let source = try OpenedKeys(vault, shares: outcome.shares, issuers: changed)
            for issuer in changed { _ = try source.key(of: issuer) }
            for service in keys.services where outcome.change.services[service.serialNumber] != nil {
                _ = try vault.open(service.sealedKey, of: service.use)
            }
        }

        /// Keeps the facts for a later comparison.
        ///
        /// - Returns: A sentence when that did not work; the plan's id is good all the same.
        private static func keep(_ screen: ResealScreen, of configuration: Configuration) -> String? {
            do throws(FileError) {
                try PlanFolder(of: configuration).keep(screen.plan, facts: screen.facts)
                return nil
            } catch {
                return "its facts could not be kept for a comparison: \(error)"
            }
        }
    }
}

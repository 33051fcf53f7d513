import ArgumentParser
import EnrollmentCore
import Ledger

extension BackupCommand {
    struct Restore: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a store of a backup, without going behind what was published since.",
            discussion: """
                Only a rehearsal unless --commit is given. The backup is verified first. Then everything that can be
                known about the time after it is looked at: the store that is there, the CRLs at urls.pki, and those
                that --published names, as clients or caches have them. What is in these and not in the backup is
                shown, and refused unless each kind of loss is accepted by name.

                  gatehouse backup restore FILE --root root.pem
                  gatehouse backup restore FILE --published last-0.crl --accept-lost-crls --commit
                  gatehouse backup restore FILE --store postgresql://gatehouse@db/gatehouse --replace --commit

                The store is a SQLite file, a PostgreSQL address, or that of the configuration; either kind takes a
                backup of either. It has to be empty or absent; --replace takes the place of one that is there: a file
                is put aside, a database's rows are removed in the transaction that brings the others.

                CRL numbers, positions of the feed and generations of devices go on above anything that can have been
                given since. What is known to have been revoked is revoked again: certificates, keys, API tokens; permits
                that were used are taken back. Of a root whose key is elsewhere, the newest CRL that was seen is shown
                again. Where no CRL and no store was seen, that has to be accepted, too. Leases are removed. Serial numbers are random and need nothing. The keys stay sealed by
                the passphrase that the store had when the backup was made.

                Exit codes: 0 restored, or rehearsed and nothing in the way; 1 the backup is not sound; 2 usage or a
                wrong passphrase; 4 refused, or would be; 5 a store cannot be reached or there is no room.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var options: BackupOptions
        @Argument(help: "The backup.")
        var file: String
        @Option(help: "The store to make: a file, a PostgreSQL address, or config.")
        var store = "config"
        @Option(help: "File with the password for --store.")
        var storePasswordFile: String?
        @Option(help: "Variable of the environment with the password for --store.")
        var storePasswordEnv: String?
        @Option(help: "File with the certificate of the root that has to vouch for the backup, PEM or DER.")
        var root: String?
        @Flag(help: "Take the place of a store that is there.")
        var replace = false
        @Option(help: "A CRL as it was published, a file or an address; repeatable.")
        var published: [String] = []
        @Flag(help: "Restore although later CRLs were published.")
        var acceptLostCrls = false
        @Flag(help: "Restore although certificates were issued that the backup does not know.")
        var acceptLostCertificates = false
        @Flag(help: "Restore although certificates were revoked that the backup shows as good.")
        var acceptLostRevocations = false
        @Flag(help: "Restore although issuers were made or ended that the backup shows otherwise.")
        var acceptLostIssuers = false
        @Flag(help: "Restore although nobody knows which tokens were revoked, and permits used, since.")
        var acceptLostAccess = false
        @Flag(help: "Restore although nothing was seen of the time after the backup.")
        var acceptUnknown = false
        @Flag(help: "Restore a store that was not sound when it was backed up; never a damaged or foreign backup.")
        var acceptFindings = false
        @Option(help: "Why, in your words; kept with the record of the act.")
        var reason = "restored from a backup"
        @Option(help: "Number of the ticket in your own system.")
        var ticket: String?
        @Flag(help: "Do it, instead of rehearsing.")
        var commit = false

        private var accepted: Set<LossKind> {
            let flags: [(LossKind, Bool)] = [
                (.crls, self.acceptLostCrls), (.certificates, self.acceptLostCertificates),
                (.revocations, self.acceptLostRevocations), (.issuers, self.acceptLostIssuers),
                (.access, self.acceptLostAccess), (.unknown, self.acceptUnknown),
            ]
            return Set(flags.filter(\.1).map(\.0))
        }

        private var storeArgument: StoreArgument {
            StoreArgument(
                text: self.store,
                passwordFile: self.storePasswordFile,
                passwordVariable: self.storePasswordEnv,
                option: "store"
            )
        }

        func perform() async throws(CommandProblem) -> CommandOutput {
            let mandate = try OrderOptions.mandate(reason: self.reason, ticket: self.ticket)
            let target = try self.storeArgument.place(self.common)
            let backup = try await BackupOpening(
                file: self.file,
                temporary: self.options.folder(or: BackupOptions.temporary(for: target)),
                passphrase: try self.options.passphrase(self.common),
                root: self.root
            )
            .perform()
            if let finding = backup.damage.first ?? (self.acceptFindings ? nil : backup.broken.first) {
                let verify = ShellWords.line(["gatehouse", "backup", "verify", self.file])
                throw CommandProblem(
                    "GH-BACKUP-009",
                    "the backup is not sound, so it is not restored: \(finding)",
                    [
                        ("findings", Numerals.grouped(backup.findings.count)),
                        (
                            "try",
                            backup.damage.isEmpty
                                ? "\(verify); the store was like that when it was backed up: another backup, or --accept-findings"
                                : verify
                        ),
                    ],
                    exit: .failed
                )
            }
            let restoring = Restoring(
                backup: backup,
                target: target,
                replaces: self.replace,
                accepted: self.accepted,
                named: self.published,
                addresses: try self.addresses
            )
            let judgement = try await restoring.judge()
            var outcome: RestoreOutcome?
            if self.commit, !judgement.isRefused {
                let act = try await answer { () throws(EnrollmentError) in
                    try mandate.act(.restore, at: SystemClock().now)
                }
                outcome = try await restoring.perform(judgement, by: act)
            }
            return RestoreScreen(
                backup: backup,
                target: "\(target)",
                judgement: judgement,
                accepted: self.accepted,
                outcome: outcome,
                command: self.command(accepting: judgement.missing)
            )
            .output
        }

        /// Where CRLs are published, as far as anybody said.
        private var addresses: AuthorityAddresses? {
            get throws(CommandProblem) {
                guard self.common.config != nil || FilePath.exists(ConfigurationFile.locate(nil)) else { return nil }
                return try self.common.configuration().addresses
            }
        }

        private func command(accepting kinds: [LossKind]) -> String {
            var words = ["gatehouse", "backup", "restore", self.file]
            if self.store != "config" { words += self.storeArgument.shellWords }
            words += self.common.config.map { ["--config", $0] } ?? []
            words += self.options.passphraseFile.map { ["--passphrase-file", $0] } ?? []
            words += self.options.temporary.map { ["--temporary", $0] } ?? []
            words += self.root.map { ["--root", $0] } ?? []
            for name in self.published { words += ["--published", name] }
            if self.replace { words.append("--replace") }
            if self.acceptFindings { words.append("--accept-findings") }
            words += LossKind.allCases.filter { self.accepted.contains($0) || kinds.contains($0) }.map(\.option)
            return ShellWords.line(words + ["--commit"])
        }
    }
}

import ArgumentParser
import Authority
import EnrollmentCore
import OpenSSLKit

extension CeremonyCommand {
    struct Root: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a root on this machine: key, certificate, and the folder they live in.",
            discussion: """
                The key is sealed for a passphrase of at least 12 octets, or split among people: any K of N shares open it then. Take root.cer to
                the service; nothing else of the folder leaves this machine.

                  gatehouse ceremony root --organization "Corp Ltd" --out R1
                  gatehouse ceremony root --organization "Corp Ltd" --id R2 --shares 3/5 --out R2
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(help: "Name of the organization in the certificate.")
        var organization: String
        @Option(help: "Id of the root; goes into URLs and is never used again.")
        var id = "R1"
        @Option(help: "Its key.")
        var algorithm = InitCommand.Algorithm.ecdsaP384
        @Option(help: "Split the key among N people, any K of whom open it: K/N, such as 3/5.")
        var shares: String?
        @Option(help: "File with the passphrase, mode 0600. Default: asked at the terminal.")
        var passphraseFile: String?
        @Option(help: "Profile of the certificate. Default: the one of gatehouse init, 20 years.")
        var profile: String?
        @Option(help: "Folder to make.")
        var out: String

        func perform() async throws(CommandProblem) -> CommandOutput {
            try InitCommand.judge(organization: self.organization)
            try InitCommand.judge(id: self.id)
            try CeremonyFiles.requireAbsent(self.out)
            let profile = try self.rootProfile()
            let protection = try self.protection()
            SecureHeap.initialize(size: 1 << 18)
            let folder = RootFolder(path: self.out)
            do throws(FileError) {
                try FilePath.createFolder(self.out, mode: 0o700)
            } catch {
                throw CommandProblem("GH-CEREMONY-002", "\(error)", exit: .failed)
            }
            let order = OfflineRoot.Order(
                id: self.id,
                organization: self.organization,
                key: self.algorithm.key,
                profile: profile
            )
            let made: (root: OfflineRoot, shares: [KeyShare])
            do {
                made = try await OfflineRoot.make(
                    order,
                    protectedBy: protection,
                    clock: SystemClock(),
                    random: OpenSSLRandomSource()
                ) { octets in
                    let digest = Hexadecimal.encode(try Digest.sha256(octets))
                    try folder.record(
                        "about to sign the certificate of root \(self.id), to be signed SHA-256 \(digest)"
                    )
                }
            } catch let error as EnrollmentError {
                throw CommandProblem(ceremony: error)
            } catch {
                throw CommandProblem("GH-CEREMONY-002", "\(error)", exit: .failed)
            }
            let files = try self.write(made.root, made.shares, to: folder)
            return try self.output(made.root, folder, files)
        }

        private func write(
            _ root: OfflineRoot,
            _ shares: [KeyShare],
            to folder: RootFolder
        ) throws(CommandProblem) -> [String] {
            // The shares first: a key that nobody can open is worse than none.
            let files = shares.isEmpty ? [] : try ShareFiles.write(shares, of: root.id, to: "\(self.out)/shares")
            if !files.isEmpty { _ = try ShareFiles.proved(files, open: root.key, of: root.id) }
            try CeremonyFiles.create(folder.key, root.keyFile, mode: 0o600)
            do throws(FileError) {
                try FilePath.create(folder.certificate, root.certificate, mode: 0o644)
            } catch {
                throw CommandProblem("GH-CEREMONY-002", "\(error)", exit: .failed)
            }
            try CeremonyFiles.create(folder.pem, PEM.encode(root.certificate, label: "CERTIFICATE"))
            return files
        }

        private func rootProfile() throws(CommandProblem) -> CertificateProfile {
            guard let path = self.profile else {
                return try ProfileFolder.parse(PackageResources.root_json5, as: "root", from: "root.json5 (built in)")
            }
            return try ProfileFolder.parse(try CeremonyFiles.read(path), as: "root", from: path)
        }

        private func protection() throws(CommandProblem) -> OfflineRoot.Protection {
            if let shares = self.shares {
                guard let numbers = ShareNumbers(argument: shares), self.passphraseFile == nil else {
                    throw .usage(
                        "--shares takes K/N, such as 3/5 (2 to 16, of which at least 2), and no passphrase",
                        see: "ceremony root"
                    )
                }
                return .shares(threshold: numbers.threshold, count: numbers.count)
            }
            guard let file = self.passphraseFile else {
                return .passphrase(try TerminalSecret.choose("Passphrase of root \(self.id): "))
            }
            let passphrase = try SecretReference.file(file).fetch()
            try TerminalSecret.judge(passphrase)
            return .passphrase(passphrase)
        }

        private func output(
            _ root: OfflineRoot,
            _ folder: RootFolder,
            _ shares: [String]
        ) throws(CommandProblem) -> CommandOutput {
            let thumbprint: String
            do {
                thumbprint = Hexadecimal.encode(try Digest.sha256(root.certificate))
                try folder.record("made root \(root.id), SHA-256 \(thumbprint), key \(root.key.place)")
            } catch {
                throw CommandProblem("GH-CEREMONY-002", "\(error)", exit: .failed)
            }
            var lines = [
                "Done. Root \(root.id) lives in \(self.out).", "", "  root          SHA-256 \(thumbprint)",
                "  key           \(folder.key), \(root.key.place)", "  transcript    \(folder.transcript)",
            ]
            lines += shares.map { "  share         \($0)" }
            if !shares.isEmpty { lines += ["", "Print the shares, give each to another person, and erase the files."] }
            lines += [
                "", "Write the fingerprint down. Take \(folder.certificate) to the service:",
                "  gatehouse init --offline-root root.cer --root \(root.id)",
            ]
            return CommandOutput(
                text: lines.joined(separator: "\n") + "\n",
                json: .object([
                    ("schema", .string("gatehouse.ceremony-root/1")), ("root", .string(root.id)),
                    ("sha256", .string(thumbprint)), ("key", .string(root.key.place)),
                    ("folder", .string(self.out)), ("shares", .array(shares.map { .string($0) })),
                ])
            )
        }
    }
}

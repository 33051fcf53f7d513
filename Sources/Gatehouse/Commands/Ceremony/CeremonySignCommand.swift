import ArgumentParser
import Authority
import EnrollmentCore
import Glibc
import OpenSSLKit

extension CeremonyCommand {
    struct Sign: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a request asks for, and sign it with the root on this machine.",
            discussion: """
                What is shown is made from the exact octets that are signed. A request is refused whose words say something
                else, that is for another root, goes beyond its limits, or breaks a rule. Asks before it signs.

                  gatehouse ceremony sign request.txt --root R1
                  gatehouse ceremony sign request.txt --root R1 --share-file a.txt --share-file b.txt --share-file c.txt

                Exit codes: 0 signed, 2 wrong passphrase or share, 4 refused.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The request, as it came from the service.")
        var file: String
        @Option(help: "Folder of the root.")
        var root: String
        @Option(help: "A share of the root's key, repeatable; - asks for it at the terminal.")
        var shareFile: [String] = []
        @Option(help: "File with the passphrase, mode 0600. Default: asked at the terminal.")
        var passphraseFile: String?
        @Option(help: "Where the answer goes. Default: the request's name and .answer.")
        var out: String?
        @Flag(help: "Sign without asking: what is asked for was read before.")
        var yes = false

        func perform() async throws(CommandProblem) -> CommandOutput {
            let answer = self.out ?? "\(self.file).answer"
            try CeremonyFiles.requireAbsent(answer)
            let folder = RootFolder(path: self.root)
            let root = try folder.open()
            let octets = try CeremonyFiles.read(self.file)
            SecureHeap.initialize(size: 1 << 18)
            let request = try Self.refusing { () throws(EnrollmentError) in try CeremonyFile.request(in: octets) }
            let opened = try self.open(root)
            try Self.refusing { () throws(EnrollmentError) in try opened.judge(request) }
            let text = try Self.refusing { () throws(EnrollmentError) in try CeremonyText.of(request) }
            if !self.yes { try Self.confirm(request, text) }
            let digest = try Self.refusing { () throws(EnrollmentError) in Hexadecimal.encode(try request.digest()) }
            let shown = text.split(separator: "\n").map { "  \($0)" }
            try Self.record(["about to sign ceremony \(request.id), request SHA-256 \(digest)"] + shown, in: folder)
            let response = try await Self.sign(request, opened)
            var lines: [String] = []
            for result in response.results {
                lines.append("signed \(try Self.digest(result)) for ceremony \(request.id)")
            }
            try Self.record(lines, in: folder)
            let file = try Self.refusing { () throws(EnrollmentError) in try CeremonyFile.encode(response) }
            try CeremonyFiles.create(answer, file)
            return try CeremonyScreen.signed(request, response, answer: answer, transcript: folder.transcript)
        }

        private func open(_ root: OfflineRoot) throws(CommandProblem) -> OpenedRoot {
            let shares = try ShareFiles.read(self.shareFile)
            var passphrase: Redacted<[UInt8]>?
            if case .sealed = root.key {
                if let file = self.passphraseFile {
                    passphrase = try SecretReference.file(file).fetch()
                } else {
                    passphrase = try TerminalSecret.ask("Passphrase of root \(root.id): ")
                }
            }
            do throws(EnrollmentError) {
                return try root.open(passphrase: passphrase, shares: shares)
            } catch {
                let isUsage = error.rule == "vault.passphrase" || error.rule.hasPrefix("shares.")
                throw CommandProblem(
                    "GH-CEREMONY-004",
                    error.detail,
                    [("rule", error.rule)],
                    exit: isUsage ? .usage : .failed
                )
            }
        }

        private static func sign(
            _ request: CeremonyRequest,
            _ root: OpenedRoot
        ) async throws(CommandProblem) -> CeremonyResponse {
            do throws(EnrollmentError) {
                return try await root.sign(request, actor: CommandActor.name, now: SystemClock().now)
            } catch {
                throw CommandProblem(ceremony: error)
            }
        }

        private static func record(_ lines: [String], in folder: RootFolder) throws(CommandProblem) {
            do throws(FileError) {
                for line in lines { try folder.record(line) }
            } catch {
                throw CommandProblem("GH-CEREMONY-002", "the transcript cannot be written: \(error)", exit: .failed)
            }
        }

        private static func digest(_ octets: [UInt8]) throws(CommandProblem) -> String {
            do throws(OpenSSLError) {
                return "SHA-256 \(Hexadecimal.encode(try Digest.sha256(octets)))"
            } catch {
                throw CommandProblem("GH-CEREMONY-002", "\(error)", exit: .failed)
            }
        }

        private static func refusing<Value>(
            _ body: () throws(EnrollmentError) -> Value
        ) throws(CommandProblem) -> Value {
            do throws(EnrollmentError) {
                return try body()
            } catch {
                throw CommandProblem(ceremony: error)
            }
        }

        /// Shows it at the terminal, and has its id's last four symbols typed.
        private static func confirm(_ request: CeremonyRequest, _ text: String) throws(CommandProblem) {
            guard isatty(STDIN_FILENO) == 1 else {
                throw .usage(
                    "nobody is at the terminal to read the request; --yes signs without asking",
                    see: "ceremony sign"
                )
            }
            Terminal.explain(text + "\nSign this? Type the last four symbols of the ceremony's id: ")
            guard let typed = readLine(), typed.uppercased() == request.id.suffix(4) else {
                throw CommandProblem("GH-CEREMONY-005", "not confirmed; nothing was signed", exit: .refused)
            }
        }
    }
}

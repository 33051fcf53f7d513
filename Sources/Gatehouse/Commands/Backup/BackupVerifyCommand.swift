import ArgumentParser
import EnrollmentCore

extension BackupCommand {
    struct Verify: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read a backup through, and say whether it can be restored.",
            discussion: """
                Every chunk is decrypted, the manifest's signature is checked up to its root, the image is compared with
                the manifest, and read through as store check does. Needs the backup's passphrase, not the store's.

                  gatehouse backup verify /backup/gatehouse.ghbackup --root root.pem
                  gatehouse backup verify FILE --passphrase-file backup.passphrase --json

                Whoever has the passphrase can make a file that decrypts; only the signature tells who did. --root names
                the root that has to vouch for it. Without --root the root's fingerprint is shown, to be compared.

                Exit codes: 0 sound, 1 damaged, not signed by that root, or not as it has to be, 2 usage or a wrong
                passphrase, 3 there is no such file.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var options: BackupOptions
        @Argument(help: "The backup.")
        var file: String
        @Option(help: "File with the certificate of the root that has to vouch for it, PEM or DER.")
        var root: String?

        func perform() async throws(CommandProblem) -> CommandOutput {
            let backup = try await BackupOpening(
                file: self.file,
                temporary: self.options.folder(or: BackupOptions.largeTemporary),
                passphrase: try self.options.passphrase(self.common),
                root: self.root
            )
            .perform()
            return BackupVerificationScreen(backup: backup).output
        }
    }
}

import ArgumentParser
import EnrollmentCore
import Glibc
import Ledger
import OpenSSLKit

/// What all commands about backups take.
struct BackupOptions: ParsableArguments {
    @Option(help: "File with the backup's passphrase. Default: backup.passphrase in the configuration.")
    var passphraseFile: String?
    @Option(help: "Folder for the image of the store while the command runs; it needs room for the whole store.")
    var temporary: String?

    /// - Throws: ``CommandProblem`` with exit `usage` when nobody says where it is, or it cannot be read.
    func passphrase(_ common: CommonOptions) throws(CommandProblem) -> Redacted<[UInt8]> {
        if let passphraseFile { return try SecretReference.file(passphraseFile).fetch() }
        guard let reference = try common.configuration().backup.passphrase else {
            throw CommandProblem(
                "GH-BACKUP-001",
                "nothing says which passphrase the backup has",
                [("try", "--passphrase-file FILE, or backup.passphrase in the configuration")],
                exit: .usage
            )
        }
        return try reference.fetch()
    }

    /// The folder that was named, or another.
    func folder(or fallback: String) -> String { self.temporary ?? fallback }

    /// Beside the store's own file, where as much is readable anyway; never on the medium that backups are on.
    static func temporary(for place: StorePlace) -> String {
        if case .sqlite(let path) = place { FilePath.folder(of: path) } else { Self.largeTemporary }
    }

    /// Where temporary files go that outlast no command and may be large.
    static let largeTemporary = "/var/tmp"
}

extension CommandProblem {
    /// Why a backup was not made, or is not to be relied on.
    static func backup(_ error: EnrollmentError, _ file: String) -> CommandProblem {
        let exit: ExitStatus =
            switch error.rule {
            case "backup.passphrase": .usage
            case "backup.stopped": .failed
            case "restore.refused", "backup.otherAuthority": .refused
            default: error.code == .enrollmentServer || error.code == .inMaintenance ? .unavailable : .failed
            }
        return CommandProblem(
            "GH-BACKUP-002",
            error.detail,
            [("file", file), ("rule", error.rule)] + error.facts.map { ($0.name, $0.value) },
            exit: exit
        )
    }

    static func digest(_ error: OpenSSLError) -> CommandProblem {
        CommandProblem("GH-BACKUP-003", "the cryptographic library made no digest: \(error)", exit: .failed)
    }
}

/// A thumbprint, with the library's failure as a command's.
func thumbprint(_ octets: [UInt8]) throws(CommandProblem) -> [UInt8] {
    do throws(OpenSSLError) {
        return try Digest.sha256(octets)
    } catch {
        throw .digest(error)
    }
}

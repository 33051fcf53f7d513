import Authority
import EnrollmentCore
import Glibc
import Ledger
import OpenSSLKit

/// Files with shares of a key: written once, for people to take away, and read when enough of them come together.
enum ShareFiles {
    /// The keys at hand, and those that people brought shares of.
    ///
    /// - Throws: ``CommandProblem`` for shares of no key here, too few of one, or wrong ones.
    static func source(
        _ ring: KeyRing,
        _ shares: [KeyShare],
        in ledger: any LedgerStore
    ) async throws(CommandProblem) -> any IssuerKeySource {
        guard !shares.isEmpty else { return ring }
        return try await answer { () throws(EnrollmentError) in
            try OpenedKeys(ring, shares: shares, issuers: try await ledger.issuers())
        }
    }

    /// Reads shares, one to a file.
    ///
    /// - Throws: ``CommandProblem`` that names the file and, for a mistake in a share, its line.
    static func read(_ paths: [String]) throws(CommandProblem) -> [KeyShare] {
        var shares: [KeyShare] = []
        for path in paths {
            let text = try SecretReference.file(path).fetch()
            let lines = String(decoding: text.reveal(), as: UTF8.self)
                .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            do throws(KeyShareError) {
                shares.append(try KeyShare(lines: lines))
            } catch {
                let problem = EnrollmentError(error)
                throw CommandProblem(
                    "GH-SHARE-001",
                    "\(path) does not hold a share: \(problem.detail)",
                    [("rule", problem.rule)],
                    exit: .usage
                )
            }
        }
        return shares
    }

    /// Writes each share to a file of its own, mode 0600.
    ///
    /// - Returns: The files, in the order of the shares.
    /// - Throws: ``CommandProblem`` when the folder is there already or cannot be written; what was written is removed.
    static func write(_ shares: [KeyShare], of owner: String, to folder: String) throws(CommandProblem) -> [String] {
        guard !FilePath.exists(folder) else {
            throw CommandProblem(
                "GH-SHARE-002",
                "\(folder) is there already; shares are written to a folder of their own",
                [("try", "another --share-folder")],
                exit: .refused
            )
        }
        var files: [String] = []
        do {
            try FilePath.createFolder(folder, mode: 0o700)
            for share in shares {
                let file = "\(folder)/share-\(share.number).txt"
                try FilePath.create(file, Array(try Self.text(share, of: owner).utf8), mode: 0o600)
                files.append(file)
            }
            return files
        } catch {
            for file in files { unlink(file) }
            rmdir(folder)
            throw CommandProblem("GH-SHARE-002", "the shares cannot be written: \(error)", exit: .failed)
        }
    }

    private static func text(_ share: KeyShare, of owner: String) throws(OpenSSLError) -> String {
        let head = [
            "# Gatehouse: share \(share.number) of \(share.count) of the key of \(owner)",
            "# Set \(KeyShare.name(ofSet: share.setID)); any \(share.threshold) shares of the set give the key.",
            "# Keep it on paper, apart from the others; erase this file.",
        ]
        return (head + [""] + (try share.lines())).joined(separator: "\n") + "\n"
    }
}

/// How many shares of how many: `3/5`.
struct ShareNumbers: Sendable {
    let threshold: Int
    let count: Int

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let threshold = parts[0], let count = parts[1],
            (2...SealingKey.mostShares).contains(count), (2...count).contains(threshold)
        else { return nil }
        self.threshold = threshold
        self.count = count
    }
}

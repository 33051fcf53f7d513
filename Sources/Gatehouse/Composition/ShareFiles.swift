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

    /// Reads shares, one to a file, or typed at the terminal where the name is `-`.
    ///
    /// - Throws: ``CommandProblem`` that names the file and, for a mistake in a share, its line.
    static func read(_ paths: [String]) throws(CommandProblem) -> [KeyShare] {
        var shares: [KeyShare] = []
        for path in paths {
            let lines = path == "-" ? try Self.typed(number: shares.count + 1) : try Self.lines(of: path)
            do throws(KeyShareError) {
                shares.append(try KeyShare(lines: lines))
            } catch {
                let problem = EnrollmentError(error)
                throw CommandProblem(
                    "GH-SHARE-001",
                    "\(path == "-" ? "what was typed" : path) does not hold a share: \(problem.detail)",
                    [("rule", problem.rule)],
                    exit: .usage
                )
            }
        }
        return shares
    }

    private static func typed(number: Int) throws(CommandProblem) -> [String] {
        var lines: [String] = []
        for line in 1...KeyShare.lineCount {
            let text = try TerminalSecret.ask("Share \(number), line \(line) of \(KeyShare.lineCount): ")
            lines.append(String(decoding: text.reveal(), as: UTF8.self))
        }
        return lines
    }

    /// A stick that people carry a share on often has a file system without modes: that is told, and no reason to refuse.
    private static func lines(of path: String) throws(CommandProblem) -> [String] {
        let octets: [UInt8]
        do throws(FileError) {
            octets = try FilePath.read(path, limit: 65_536)
        } catch {
            throw CommandProblem("GH-SHARE-001", "a share cannot be read: \(error)", exit: .usage)
        }
        Self.warnIfExposed([path])
        return String(decoding: octets, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Says on standard error which files anybody else on this machine can read.
    private static func warnIfExposed(_ files: [String]) {
        // What cannot be looked at cannot be warned of; it was read or written a moment ago.
        let exposed = files.filter { ((try? FilePath.mode(of: $0)) ?? 0) & 0o077 != 0 }
        guard let first = exposed.first else { return }
        Terminal.explain(
            "warning: \(first)\(exposed.count > 1 ? " and others" : "") can be read by others on this machine; its file"
                + " system perhaps keeps no modes. Print the share and erase the file."
        )
    }

    /// Reads shares back and opens the key with all of them, before they are the only way to it.
    ///
    /// - Parameters:
    ///   - files: All of them.
    ///   - key: As it is going to be stored.
    ///   - owner: Whose key it is.
    /// - Returns: The shares as the files have them.
    /// - Throws: ``CommandProblem`` when they do not open it; the files are removed then.
    static func proved(
        _ files: [String],
        open key: KeyLocation,
        of owner: String
    ) throws(CommandProblem) -> [KeyShare] {
        do {
            let shares = try Self.read(files)
            guard case .split(let octets) = key else { return shares }
            _ = try SplitKey(octets: octets).open(with: shares, owner: owner)
            return shares
        } catch {
            Self.remove(files)
            throw CommandProblem(
                "GH-SHARE-002",
                "the shares that were written do not open the key, so nothing was changed: \(error)",
                [("try", "another medium for the shares")],
                exit: .failed
            )
        }
    }

    private static func remove(_ files: [String]) {
        for file in files { unlink(file) }
        if let first = files.first { rmdir(FilePath.folder(of: first)) }
    }

    /// Writes each share to a file of its own, mode 0600, durably.
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
            Self.remove(files)
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

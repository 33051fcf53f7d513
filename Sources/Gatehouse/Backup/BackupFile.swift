import EnrollmentCore
import Glibc
import ServiceRuntime

/// A backup that is being written: under another name until it is complete and on the disk.
struct BackupFile: ~Copyable {
    private let path: String
    private let partialPath: String
    let descriptor: Int32

    /// - Throws: ``CommandProblem`` when a file of that name is there, or none can be made.
    init(path: String) throws(CommandProblem) {
        guard !FilePath.exists(path) else {
            throw CommandProblem(
                "GH-BACKUP-004",
                "there is a file already: \(path)",
                [("try", "name another one; no backup is ever overwritten")],
                exit: .refused
            )
        }
        let partialPath = "\(path).partial-\(getpid())"
        let descriptor = open(partialPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.problem(FileError(path: partialPath, code: errno)) }
        self.path = path
        self.partialPath = partialPath
        self.descriptor = descriptor
    }

    deinit {
        close(self.descriptor)
        // Gone already when the backup was finished.
        unlink(self.partialPath)
    }

    /// Gives the file its name; never that of another one.
    borrowing func finish() throws(CommandProblem) {
        guard fsync(self.descriptor) == 0 else { throw Self.problem(FileError(path: self.partialPath, code: errno)) }
        let code = UniqueName.move(self.partialPath, to: self.path)
        guard code == 0 else { throw Self.problem(FileError(path: self.path, code: code)) }
        do throws(FileError) {
            try FilePath.synchronize(folder: FilePath.folder(of: self.path))
        } catch {
            throw Self.problem(error)
        }
    }

    private static func problem(_ error: FileError) -> CommandProblem {
        CommandProblem("GH-BACKUP-005", "the backup cannot be written: \(error)", exit: .failed)
    }
}

/// The folder in which backups are kept that nobody named a file for.
struct BackupFolder {
    private static let prefix = "gatehouse-"
    private static let suffix = ".ghbackup"

    let path: String

    /// `gatehouse-20261120T164500Z.ghbackup`: their names sort as they were made.
    func file(at now: Timestamp) -> String {
        "\(self.path)/\(Self.prefix)\("\(now)".filter { $0 != "-" && $0 != ":" })\(Self.suffix)"
    }

    /// Removes the oldest, until so many are left; files with other names are nobody's business here.
    ///
    /// - Returns: What was removed.
    func prune(keeping count: Int) throws(CommandProblem) -> [String] {
        guard let folder = opendir(self.path) else { throw Self.problem(self.path) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if Self.isOurs(name) { names.append(name) }
        }
        closedir(folder)
        var removed: [String] = []
        for name in names.sorted().dropLast(count) {
            let file = "\(self.path)/\(name)"
            guard unlink(file) == 0 else { throw Self.problem(file) }
            removed.append(file)
        }
        return removed
    }

    private static func isOurs(_ name: String) -> Bool {
        guard name.hasPrefix(self.prefix), name.hasSuffix(self.suffix) else { return false }
        let moment = name.dropFirst(self.prefix.count).dropLast(self.suffix.count)
        return moment.count == 16 && moment.last == "Z"
            && moment.dropLast().allSatisfy { $0.isASCII && ($0.isNumber || $0 == "T") }
    }

    private static func problem(_ path: String) -> CommandProblem {
        CommandProblem("GH-BACKUP-005", "\(FileError(path: path, code: errno))", exit: .failed)
    }
}

import EnrollmentCore
import Glibc

/// A store under another name until it is complete, so that a founding that breaks off leaves nothing half done.
struct StoreInTheMaking {
    private let path: String

    var partialPath: String { "\(self.path).partial" }

    /// - Throws: ``CommandProblem`` when an earlier founding was killed half-way.
    init(path: String) throws(CommandProblem) {
        self.path = path
        if let problem = CommandProblem.unfinishedRestore(to: path) { throw problem }
        guard !FilePath.exists(self.partialPath) else {
            throw CommandProblem(
                "GH-INIT-003",
                "an earlier init was ended half-way and left \(self.partialPath); nothing in it can be used",
                [("try", "rm \(self.partialPath)*")],
                exit: .refused
            )
        }
    }

    /// Gives the store its name.
    func finish() throws(EnrollmentError) {
        guard rename(self.partialPath, self.path) == 0 else {
            throw EnrollmentError(
                .enrollmentServer,
                "The new store cannot be named \(self.path): \(String(cString: strerror(errno))).",
                rule: "init.rename"
            )
        }
    }

    /// Removes what is there of it.
    func discard() {
        for ending in ["", "-wal", "-shm"] { unlink(self.partialPath + ending) }
    }
}

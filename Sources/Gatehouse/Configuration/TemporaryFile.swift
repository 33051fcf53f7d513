import Glibc

/// A file without a name: it goes with the process, whatever ends that.
struct TemporaryFile: ~Copyable {
    let descriptor: Int32

    /// - Throws: ``CommandProblem`` when there is no place for it.
    init(in folder: String = "/tmp") throws(CommandProblem) {
        var path = Array("\(folder)/gatehouse-XXXXXX".utf8CString)
        self.descriptor = mkstemp(&path)
        guard self.descriptor >= 0 else {
            throw CommandProblem("GH-FILE-001", "\(FileError(path: folder, code: errno))", exit: .failed)
        }
        unlink(path)
    }

    deinit {
        close(self.descriptor)
    }

    /// Back to the first octet, for reading.
    borrowing func rewind() {
        lseek(self.descriptor, 0, SEEK_SET)
    }
}

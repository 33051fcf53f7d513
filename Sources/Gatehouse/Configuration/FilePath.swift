import Glibc
import OpenSSLKit

/// A file operation that the system refused.
struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    let path: String
    let code: Int32

    /// The system's words: `No such file or directory`.
    var description: String { "\(self.path): \(String(cString: strerror(self.code)))" }

    var isMissing: Bool { self.code == ENOENT }
}

/// Reading, writing and naming files.
enum FilePath {
    /// `path` itself when absolute, else below `folder`.
    static func resolve(_ path: String, in folder: String) -> String {
        path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }

    /// The part before the last slash; `.` when there is none.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    static func mode(of path: String) throws(FileError) -> mode_t {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError(path: path, code: errno) }
        return status.st_mode
    }

    /// The whole file, which may have `limit` octets at most.
    static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        defer { close(descriptor) }
        // What is read may be a secret: room for all of it at once, so that no copy is left behind, and a clean buffer.
        var status = stat()
        var octets: [UInt8] = []
        if fstat(descriptor, &status) == 0 { octets.reserveCapacity(min(max(0, Int(status.st_size)), limit)) }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        defer { buffer.wipe() }
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw FileError(path: path, code: errno) }
            if count == 0 { return octets }
            octets.append(contentsOf: buffer[..<count])
            guard octets.count <= limit else { throw FileError(path: path, code: EFBIG) }
        }
    }

    /// Makes a file that must not exist yet, durably.
    static func create(_ path: String, _ octets: [UInt8], mode: mode_t) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        defer { close(descriptor) }
        var written = 0
        while written < octets.count {
            let count = octets[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw FileError(path: path, code: errno) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw FileError(path: path, code: errno) }
        try Self.synchronize(folder: Self.folder(of: path))
    }

    /// Makes durable which files are in a folder.
    static func synchronize(folder: String) throws(FileError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // One that may be written to and not be looked into.
        if descriptor < 0, errno == EACCES { return }
        guard descriptor >= 0 else { throw FileError(path: folder, code: errno) }
        defer { close(descriptor) }
        // Some file systems have nothing to be done for folders, and say so.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileError(path: folder, code: errno) }
    }

    /// Makes a folder and those above it, durably; one that exists is fine.
    static func createFolder(_ path: String, mode: mode_t) throws(FileError) {
        if path == "." || path == "/" || Self.exists(path) { return }
        try Self.createFolder(Self.folder(of: path), mode: mode)
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw FileError(path: path, code: errno) }
        try Self.synchronize(folder: Self.folder(of: path))
    }
}

internal import Glibc

/// Files and folders that only their owner may look into.
enum PrivateFile {
    private static let limit = 1 << 20

    static func failure(_ path: String) -> SimulationFailure {
        .local("\(path): \(String(cString: strerror(errno)))")
    }

    static func makeFolder(_ path: String) throws(SimulationFailure) {
        guard mkdir(path, 0o700) == 0 else { throw self.failure(path) }
    }

    /// Removes a folder of plain files; one that is not there, or stays, harms nobody.
    static func removeFolder(_ path: String) {
        guard let entries = opendir(path) else { return }
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { octets in
                String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { unlink("\(path)/\(name)") }
        }
        closedir(entries)
        rmdir(path)
    }

    static func write(_ octets: [UInt8], to path: String) throws(SimulationFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw self.failure(path) }
        defer { close(descriptor) }
        var written = 0
        while written < octets.count {
            let count = octets[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw self.failure(path) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw self.failure(path) }
    }

    static func read(_ path: String) throws(SimulationFailure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw self.failure(path) }
        defer { close(descriptor) }
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw self.failure(path) }
            if count == 0 { return octets }
            octets.append(contentsOf: buffer[..<count])
            guard octets.count <= self.limit else { throw .local("\(path) is larger than \(self.limit) octets") }
        }
    }

    static func synchronizeFolder(_ path: String) throws(SimulationFailure) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw self.failure(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw self.failure(path) }
    }

    /// Lets a symbolic link lead elsewhere, in one step and durably.
    static func pointLink(_ path: String, to target: String) throws(SimulationFailure) {
        let interim = "\(path).new"
        unlink(interim)
        guard symlink(target, interim) == 0, rename(interim, path) == 0 else { throw self.failure(path) }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try self.synchronizeFolder(folder.isEmpty ? "/" : folder)
    }

    static func target(of link: String) throws(SimulationFailure) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = readlink(link, &buffer, buffer.count)
        guard count >= 0 else { throw self.failure(link) }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

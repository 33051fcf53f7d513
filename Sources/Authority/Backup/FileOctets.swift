internal import EnrollmentCore
internal import Glibc

/// Reads and writes whole pieces of an open file.
struct FileOctets {
    let descriptor: Int32

    /// As many octets as there are, `count` at most.
    ///
    /// - Throws: ``EnrollmentError`` with rule `backup.read`.
    func read(upTo count: Int) throws(EnrollmentError) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let taken = octets.withUnsafeMutableBytes { buffer in
                Glibc.read(self.descriptor, buffer.baseAddress?.advanced(by: filled), count - filled)
            }
            if taken < 0, errno == EINTR { continue }
            guard taken >= 0 else { throw Self.failure("read", "read") }
            if taken == 0 { break }
            filled += taken
        }
        octets.removeLast(count - filled)
        return octets
    }

    /// - Throws: ``EnrollmentError`` with rule `backup.write`, `backup.full` on a full disk.
    func write(_ octets: [UInt8]) throws(EnrollmentError) {
        var done = 0
        while done < octets.count {
            let taken = octets.withUnsafeBytes { buffer in
                Glibc.write(self.descriptor, buffer.baseAddress?.advanced(by: done), octets.count - done)
            }
            if taken < 0, errno == EINTR { continue }
            guard taken > 0 else { throw Self.failure("written", "write") }
            done += taken
        }
    }

    private static func failure(_ what: String, _ rule: String) -> EnrollmentError {
        let code = errno
        let isFull = code == ENOSPC || code == EDQUOT || code == EFBIG
        let remedy = isFull ? "; free space on its disk" : ""
        return EnrollmentError(
            .enrollmentServer,
            "A file of the backup cannot be \(what): \(String(cString: strerror(code)))\(remedy).",
            rule: isFull ? "backup.full" : "backup.\(rule)"
        )
    }
}

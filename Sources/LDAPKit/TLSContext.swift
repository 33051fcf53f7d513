internal import CLDAP
internal import Glibc
internal import Synchronization

/// The trust anchors of a CA file, read once and shared by all connections that use the file as it is now.
///
/// Reading them for each connection would cost time, and libldap 2.5 on GnuTLS loses 8 KiB each time.
///
/// `@unchecked Sendable`: the context is never changed once made, and libldap counts its users under its own lock.
final class TLSContext: @unchecked Sendable {
    /// A file's identity; a file that is replaced or edited gets a context of its own.
    private struct Version: Hashable {
        let path: String
        let inode: ino_t
        let size: off_t
        let seconds: Int
        let nanoseconds: Int
    }

    private static let known = Mutex<[String: (version: Version, context: TLSContext)]>([:])

    let pointer: OpaquePointer

    private init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    /// The context for a file.
    ///
    /// - Parameters:
    ///   - caFile: PEM file.
    ///   - make: Reads the file into a new context, with a reference for us.
    /// - Returns: The same context as long as the file stays as it is.
    /// - Throws: ``LDAPError`` that names the file when it cannot be read, and what `make` throws.
    static func shared(
        caFile: String,
        _ make: (String) throws(LDAPError) -> OpaquePointer
    ) throws(LDAPError) -> TLSContext {
        var status = stat()
        // Checked here because libldap reports an unreadable file without naming it.
        guard access(caFile, R_OK) == 0, stat(caFile, &status) == 0 else {
            throw LDAPError("connect", .invalidArgument, diagnostic: "the CA file \(caFile) cannot be read")
        }
        let version = Version(
            path: caFile,
            inode: status.st_ino,
            size: status.st_size,
            seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec
        )
        if let entry = Self.known.withLock({ $0[caFile] }), entry.version == version { return entry.context }
        let context = TLSContext(try make(caFile))
        Self.known.withLock { $0[caFile] = (version, context) }
        return context
    }
}

internal import CPostgres
internal import Glibc

/// Octets that OpenSSL has deciphered and libpq has not taken yet.
///
/// The kernel knows nothing of them, so that waiting for the socket would wait for nothing: a record holds 16 KiB, and
/// libpq may have room for half of it. libpq asks OpenSSL the same before it waits itself; it offers no function for it.
enum TLSBuffer {
    private typealias Pending = @convention(c) (UnsafeMutableRawPointer?) -> Int32

    /// From the library that libpq itself has loaded.
    private static let pending = dlsym(nil, "SSL_pending").map { unsafeBitCast($0, to: Pending.self) }

    static func holdsInput(_ connection: OpaquePointer) -> Bool {
        guard PQsslInUse(connection) == 1, let session = PQsslStruct(connection, "OpenSSL") else { return false }
        return self.pending.map { $0(session) > 0 } ?? false
    }
}

internal import COpenSSL

/// One ticket key: a public name, a cipher key and a MAC key, cleansed when the last user lets go.
///
/// Unchecked because the octets are written once, before any other thread can know of them, and only read afterwards.
final class TLSTicketKey: @unchecked Sendable {
    static let nameLength = 16
    static let cipherLength = 32
    static let macLength = 32
    private static let length = nameLength + cipherLength + macLength

    let made = ContinuousClock.now
    private let octets: UnsafeMutablePointer<UInt8>

    init() throws(OpenSSLError) {
        ERR_clear_error()
        let memory = try OpenSSL.unwrap(copenssl_secure_allocate(Self.length), "OPENSSL_zalloc")
        self.octets = memory.bindMemory(to: UInt8.self, capacity: Self.length)
        try OpenSSL.check(RAND_bytes(self.octets, CInt(Self.length)), "RAND_bytes")
    }

    deinit {
        copenssl_secure_free(self.octets, Self.length)
    }

    var cipherKey: UnsafePointer<UInt8> { UnsafePointer(self.octets + Self.nameLength) }
    var macKey: UnsafePointer<UInt8> { UnsafePointer(self.octets + Self.nameLength + Self.cipherLength) }

    func isNamed(_ name: UnsafePointer<UInt8>) -> Bool {
        CRYPTO_memcmp(name, self.octets, Self.nameLength) == 0
    }

    func writeName(to name: UnsafeMutablePointer<UInt8>) {
        name.update(from: self.octets, count: Self.nameLength)
    }
}

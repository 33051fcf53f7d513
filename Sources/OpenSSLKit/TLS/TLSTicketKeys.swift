internal import COpenSSL
internal import Synchronization

/// The keys that session tickets are sealed with: made in memory, replaced on a period, the one before still accepted.
///
/// Whoever reads a ticket key can read the connections resumed with it, so keys live for two periods at most, are
/// cleansed when dropped, and are never written anywhere. Share one instance between the contexts of successive
/// configurations, and a reload costs no client its session.
public final class TLSTicketKeys: Sendable {
    /// How long a key seals new tickets; a ticket is accepted for as long again.
    public let period: Duration

    /// Newest first, two at most.
    private let keys: Mutex<[TLSTicketKey]>
    private let cipher: Handle<CipherObject>

    /// - Throws: ``OpenSSLError`` when the random generator gives nothing.
    public init(rotatingEvery period: Duration = .seconds(3600)) throws(OpenSSLError) {
        ERR_clear_error()
        self.period = period
        self.cipher = try Handle(adopting: EVP_CIPHER_fetch(nil, "AES-256-CBC", nil), from: "EVP_CIPHER_fetch")
        self.keys = Mutex([try TLSTicketKey()])
    }

    /// Starts a new key now; tickets sealed with the key before it are accepted until the next change.
    public func rotate() throws(OpenSSLError) {
        let fresh = try TLSTicketKey()
        self.keys.withLock { keys in keys = [fresh] + keys.prefix(1) }
    }

    /// The lifetime announced with each ticket, in whole seconds.
    var lifetime: Int { max(1, Int(self.period.components.seconds)) }

    /// The key to seal with, after replacing one that has served its period.
    private func sealing() throws(OpenSSLError) -> TLSTicketKey {
        let now = ContinuousClock.now
        let serving = self.keys.withLock { keys in
            keys.first.flatMap { $0.made.duration(to: now) < self.period ? $0 : nil }
        }
        if let serving { return serving }
        let fresh = try TLSTicketKey()
        return self.keys.withLock { keys in
            // Another thread may have been here first; two keys made together would shorten the life of the older.
            if let newest = keys.first, newest.made.duration(to: now) < self.period { return newest }
            keys = [fresh] + keys.prefix(1).filter { $0.made.duration(to: now) < self.period * 2 }
            return fresh
        }
    }

    private func opening(_ name: UnsafePointer<UInt8>) -> (key: TLSTicketKey, isNewest: Bool)? {
        let now = ContinuousClock.now
        return self.keys.withLock { keys in
            guard let index = keys.firstIndex(where: { $0.isNamed(name) }) else { return nil }
            let key = keys[index]
            guard key.made.duration(to: now) < self.period * 2 else { return nil }
            return (key, index == 0 && key.made.duration(to: now) < self.period)
        }
    }

    /// Prepares cipher and MAC for a new ticket and writes key name and initialization vector into it.
    ///
    /// - Returns: What SSL_CTX_set_tlsext_ticket_key_evp_cb(3) asks for: 1 done, -1 failed.
    func seal(
        name: UnsafeMutablePointer<UInt8>,
        vector: UnsafeMutablePointer<UInt8>,
        cipher: OpaquePointer,
        mac: OpaquePointer
    ) -> CInt {
        guard let key = try? self.sealing() else { return -1 }
        key.writeName(to: name)
        guard RAND_bytes(vector, EVP_CIPHER_get_iv_length(self.cipher.pointer)) == 1,
            EVP_EncryptInit_ex(cipher, self.cipher.pointer, nil, key.cipherKey, vector) == 1,
            copenssl_tls_key_ticket_mac(mac, key.macKey, TLSTicketKey.macLength) == 1
        else { return -1 }
        return 1
    }

    /// Prepares cipher and MAC for a presented ticket.
    ///
    /// - Returns: 0 for a key that is gone, so that a full handshake follows; 1 accepted; 2 accepted, and due to be
    ///   replaced by a ticket under the newest key.
    func open(
        name: UnsafePointer<UInt8>,
        vector: UnsafePointer<UInt8>,
        cipher: OpaquePointer,
        mac: OpaquePointer
    ) -> CInt {
        guard let (key, isNewest) = self.opening(name) else { return 0 }
        guard copenssl_tls_key_ticket_mac(mac, key.macKey, TLSTicketKey.macLength) == 1,
            EVP_DecryptInit_ex(cipher, self.cipher.pointer, nil, key.cipherKey, vector) == 1
        else { return -1 }
        return isNewest ? 1 : 2
    }
}

internal import COpenSSL

/// Octets that are wiped when their owner goes, kept in locked memory where the system allows it and there is room.
public struct SecretOctets: ~Copyable, @unchecked Sendable {  // sole owner of memory nobody writes after `init`
    private let memory: UnsafeMutableRawPointer
    public let count: Int

    /// Makes room for `count` octets and lets `fill` write them.
    public init<Failure: Error>(
        count: Int,
        filledBy fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        // The locked heap may be full, of keys of connections for one. What does not fit there may be paged out, is wiped
        // all the same, and ends no process.
        let locked = CRYPTO_secure_malloc(max(count, 1), #fileID, #line)
        guard let memory = locked ?? CRYPTO_malloc(max(count, 1), #fileID, #line) else {
            // As the standard library does: no program goes on without memory.
            fatalError("out of memory")
        }
        self.memory = memory
        self.count = count
        try fill(UnsafeMutableRawBufferPointer(start: memory, count: count))
    }

    /// Takes a copy; the caller's own array is not wiped.
    public init(_ octets: [UInt8]) {
        self.init(count: octets.count) { $0.copyBytes(from: octets) }
    }

    deinit {
        CRYPTO_secure_clear_free(self.memory, max(self.count, 1), #fileID, #line)
    }

    public borrowing func withOctets<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: self.memory, count: self.count))
    }
}

extension Array where Element == UInt8 {
    /// Overwrites what was secret, in its place; empty afterwards.
    ///
    /// Only where nothing else holds the same array: that would keep the octets and this be a copy.
    public mutating func wipe() {
        self.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
        self.removeAll()
    }
}

/// The part of the library's memory that is locked against paging and wiped when freed.
public enum SecureHeap {
    /// What a process takes besides connections: its own keys, and numbers that calculations need for a moment.
    private static let reserve = 1 << 18
    /// OpenSSL keeps a server's ephemeral key for as long as its connection lives: 64 octets on P-384, and as much again
    /// while the handshake lasts.
    package static let octetsPerConnection = 128

    /// How large it has to be for a process that serves so many TLS connections at once, in octets.
    public static func size(forConnections count: Int) -> Int {
        var size = Self.reserve
        while size < Self.reserve + count * Self.octetsPerConnection { size *= 2 }
        return size
    }

    /// Octets that are taken of it now; 0 before it is set up.
    package static var used: Int { CRYPTO_secure_used() }

    /// Sets it up; OpenSSL then puts the private numbers of keys there.
    ///
    /// - Parameter size: Octets, a power of two.
    /// - Returns: `false` when the system does not let memory be locked (`ulimit -l`); keys are still wiped, but may be
    ///   paged out.
    @discardableResult
    public static func initialize(size: Int) -> Bool {
        CRYPTO_secure_malloc_init(size, 16) == 1
    }
}

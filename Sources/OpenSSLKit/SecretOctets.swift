internal import COpenSSL

/// Octets that are wiped when their owner goes, kept in locked memory where the system allows it.
public struct SecretOctets: ~Copyable, @unchecked Sendable {  // sole owner of memory nobody writes after `init`
    private let memory: UnsafeMutableRawPointer
    public let count: Int

    /// Makes room for `count` octets and lets `fill` write them.
    public init<Failure: Error>(
        count: Int,
        filledBy fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        guard let memory = CRYPTO_secure_malloc(max(count, 1), #fileID, #line) else {
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

/// The part of the library's memory that is locked against paging and wiped when freed.
public enum SecureHeap {
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

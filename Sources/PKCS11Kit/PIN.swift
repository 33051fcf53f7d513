internal import Glibc

/// A token's user PIN, in memory that is wiped when it goes and kept from being paged out where the system allows it.
public final class PIN: @unchecked Sendable {  // nobody writes after `init`
    private let memory: UnsafeMutableBufferPointer<UInt8>

    /// Takes a copy; the caller's own octets are not wiped.
    public init(_ octets: borrowing [UInt8]) {
        self.memory = .allocate(capacity: octets.count)
        _ = self.memory.initialize(from: octets)
        // Best effort: a limit on locked memory is no reason not to sign.
        mlock(self.memory.baseAddress, self.memory.count)
    }

    deinit {
        guard let start = self.memory.baseAddress else { return }
        explicit_bzero(start, self.memory.count)
        munlock(start, self.memory.count)
        self.memory.deallocate()
    }

    func withOctets<Result, Failure: Error>(
        _ body: (UnsafeMutableBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(self.memory)
    }
}

extension PIN: CustomStringConvertible, CustomReflectable {
    public var description: String { "PIN" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

internal import Glibc

/// Octets that are wiped when the last owner goes.
final class SecretBlob: @unchecked Sendable {  // nobody writes the memory between `init` and `deinit`
    let octets: UnsafeRawBufferPointer
    private let memory: UnsafeMutableRawBufferPointer

    init(_ octets: [UInt8]) {
        self.memory = .allocate(byteCount: octets.count, alignment: 1)
        self.memory.copyBytes(from: octets)
        self.octets = UnsafeRawBufferPointer(self.memory)
    }

    deinit {
        // Not memset, which a compiler may leave out before memory is freed.
        if let start = self.memory.baseAddress { explicit_bzero(start, self.memory.count) }
        self.memory.deallocate()
    }
}

internal import CMalloc

/// What happens to large blocks of memory when they are given back.
public enum LargeBlocks {
    /// Octets from which on a block counts as large.
    private static let size: Int32 = 256 * 1024

    /// Returns each to the system at once, for as long as the process lives.
    ///
    /// Left to itself the C library learns from the first one that is freed to keep the next ones, up to 32 MiB each and
    /// in an arena of each thread: a CRL of megabytes passes through many threads on its way from the store to a client.
    ///
    /// - Returns: Whether the C library agreed.
    @discardableResult
    public static func returnWhenFreed() -> Bool {
        mallopt(M_MMAP_THRESHOLD, Self.size) == 1
    }
}

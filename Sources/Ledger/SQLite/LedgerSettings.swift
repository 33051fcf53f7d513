/// Where the SQLite ledger lives and how much it may use.
package struct LedgerSettings: Sendable {
    /// The database file.
    ///
    /// Its folder has to exist; a new file is readable by its owner alone.
    package var path: String
    /// Milliseconds to wait for another process's lock before an operation is refused with `inMaintenance`.
    package var busyTimeout = 5_000
    /// Connections that answer questions beside the writer.
    package var readers = 2
    /// Kibibytes of pages the writer keeps in memory.
    package var writerCache = 16_384
    /// Kibibytes of pages each reader keeps in memory.
    package var readerCache = 4_096
    /// Operations that may wait for the writer; one more is refused with `inMaintenance`.
    package var longestQueue = 10_000
    /// Attempts recorded without waiting that may be pending; one more is dropped and counted.
    package var longestBacklog = 10_000
    /// Milliseconds after which what nobody waits for is written even when nothing else is.
    package var flushDelay = 50
    /// Largest size of the database in pages of 4 096 octets; `nil` for no limit but the disk.
    package var largestSize: Int?
    /// Pages of 4 096 octets up to which the whole file is checked before it is used; of a larger one the rest is read
    /// by ``SQLiteLedger/checkStructure()``.
    package var pagesCheckedAtOpening: Int64 = 8_192
    /// How many operations share a commit at most; 1 gives each a commit of its own.
    package var largestGroup = 256
    /// Whether a store is opened into which a copy was begun and not finished: by the copier alone.
    var isUnfinishedCopyWelcome = false

    package init(path: String) {
        self.path = path
    }
}

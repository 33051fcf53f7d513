package import EnrollmentCore
package import OpenSSLKit

/// Reads a backup, chunk by chunk; nothing is given out that was not authenticated.
///
/// Confined to whoever made it.
package final class BackupReader {
    private let file: FileOctets
    private let key: StreamKey
    /// What was read and not yet opened.
    private var ahead: [UInt8]
    private var number: UInt64 = 0
    private var isAtEnd = false
    private var buffer: ArraySlice<UInt8> = []

    /// Reads the beginning, and tries the passphrase.
    ///
    /// - Parameters:
    ///   - descriptor: An open file, at its beginning; stays its owner's.
    ///   - passphrase: What the backup was made with.
    /// - Throws: ``EnrollmentError`` with rule `backup.format` for what is no backup, `backup.version` for one of a newer
    ///   format, `backup.passphrase` for a passphrase that does not open it.
    package init(from descriptor: Int32, passphrase: borrowing SecretOctets) throws(EnrollmentError) {
        self.file = FileOctets(descriptor: descriptor)
        let header = try BackupHeader(reading: try self.file.read(upTo: BackupHeader.length))
        self.key = try header.key(passphrase)
        let key = self.key
        let check = try self.file.read(upTo: StreamKey.tagLength)
        guard check.count == StreamKey.tagLength else { throw Self.cutOff }
        let opened = try library("backup.open") { () throws(OpenSSLError) in try key.open(check[...], at: .check) }
        guard opened != nil else {
            throw .backup(
                "passphrase",
                "The passphrase does not open this backup. Give the one that it was made with; if it is the right one, "
                    + "the file's first octets are damaged."
            )
        }
        self.ahead = try self.file.read(upTo: Self.sealedChunk)
    }

    private static let sealedChunk = BackupHeader.chunk + StreamKey.tagLength
    private static var cutOff: EnrollmentError {
        .backup("truncated", "The backup is cut off: its end is missing. Take another copy of it.")
    }

    /// The next octets, exactly as many.
    ///
    /// - Throws: ``EnrollmentError`` with rule `backup.damaged` or `backup.truncated`; also when there are fewer.
    package func take(_ count: Int) throws(EnrollmentError) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(count)
        while octets.count < count {
            if self.buffer.isEmpty {
                guard let chunk = try self.nextChunk() else {
                    throw .backup("content", "The backup's contents end too early.")
                }
                self.buffer = chunk[...]
            }
            let part = self.buffer.prefix(count - octets.count)
            octets += part
            self.buffer = self.buffer.dropFirst(part.count)
        }
        return octets
    }

    /// Some of the next octets; `nil` at the end, which was authenticated, too.
    package func takeSome() throws(EnrollmentError) -> [UInt8]? {
        while self.buffer.isEmpty {
            guard let chunk = try self.nextChunk() else { return nil }
            self.buffer = chunk[...]
        }
        defer { self.buffer = [] }
        return Array(self.buffer)
    }

    private func nextChunk() throws(EnrollmentError) -> [UInt8]? {
        guard !self.isAtEnd else { return nil }
        let sealed = self.ahead
        self.ahead = sealed.count == Self.sealedChunk ? try self.file.read(upTo: Self.sealedChunk) : []
        self.isAtEnd = self.ahead.isEmpty
        let (number, place) = (self.number, self.isAtEnd ? StreamKey.Place.last(self.number) : .chunk(self.number))
        self.number += 1
        if let chunk = try self.open(sealed, at: place) { return chunk }
        // Why not: only to say it, nothing of it is used.
        if self.isAtEnd {
            if sealed.isEmpty { throw Self.cutOff }
            if try self.open(sealed, at: .chunk(number)) != nil { throw Self.cutOff }
        } else if try self.open(sealed, at: .last(number)) != nil {
            throw .backup("damaged", "Something follows the backup's end. Take another copy of it.")
        }
        let offset = Int(number) * Self.sealedChunk + BackupHeader.length + StreamKey.tagLength
        throw .backup(
            "damaged",
            "The backup is damaged or cut off in chunk \(number), which begins at octet \(offset). Take another copy of it."
        )
    }

    private func open(_ sealed: [UInt8], at place: StreamKey.Place) throws(EnrollmentError) -> [UInt8]? {
        let key = self.key
        return try library("backup.open") { () throws(OpenSSLError) in try key.open(sealed[...], at: place) }
    }
}

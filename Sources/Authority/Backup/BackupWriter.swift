package import EnrollmentCore
package import OpenSSLKit

/// Writes a backup: the header, then everything else encrypted in chunks.
///
/// Confined to whoever made it.
package final class BackupWriter {
    private let file: FileOctets
    private let key: StreamKey
    private var buffer: [UInt8] = []
    private var number: UInt64 = 0
    /// Octets written so far.
    package private(set) var count: Int64

    /// Writes the beginning.
    ///
    /// - Parameters:
    ///   - descriptor: An open, empty file; stays its owner's.
    ///   - passphrase: What opens the backup again.
    ///   - header: How its key is derived.
    /// - Throws: ``EnrollmentError`` when the file takes nothing.
    package init(
        to descriptor: Int32,
        passphrase: borrowing SecretOctets,
        header: BackupHeader
    ) throws(EnrollmentError) {
        self.file = FileOctets(descriptor: descriptor)
        self.key = try header.key(passphrase)
        let key = self.key
        let check = try library("backup.seal") { () throws(OpenSSLError) in try key.seal([], at: .check) }
        try self.file.write(header.octets + check)
        self.count = Int64(BackupHeader.length + check.count)
    }

    /// Takes the next octets.
    package func append(_ octets: ArraySlice<UInt8>) throws(EnrollmentError) {
        self.buffer += octets
        // A full chunk waits until something follows it: it may be the last.
        while self.buffer.count > BackupHeader.chunk {
            try self.write(self.buffer[..<BackupHeader.chunk], at: .chunk(self.number))
            self.number += 1
            self.buffer.removeFirst(BackupHeader.chunk)
        }
    }

    /// Writes what is left and marks it as the end.
    ///
    /// - Returns: Octets of the whole file.
    package func finish() throws(EnrollmentError) -> Int64 {
        try self.write(self.buffer[...], at: .last(self.number))
        return self.count
    }

    private func write(_ chunk: ArraySlice<UInt8>, at place: StreamKey.Place) throws(EnrollmentError) {
        let key = self.key
        let sealed = try library("backup.seal") { () throws(OpenSSLError) in try key.seal(chunk, at: place) }
        try self.file.write(sealed)
        self.count += Int64(sealed.count)
    }
}

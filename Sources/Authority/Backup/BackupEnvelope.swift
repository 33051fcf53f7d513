package import EnrollmentCore

/// What stands before the image of the store inside a backup: the manifest, its signature, who signed it.
///
/// Each part is preceded by its length in four octets, the image by its length in eight; all big-endian.
package struct BackupEnvelope: Hashable, Sendable {
    private static let largestManifest = 16 << 20
    private static let largestPart = 1 << 16
    private static let longestChain = 8

    /// JSON, as it was signed.
    package let manifest: [UInt8]
    package let signature: BackupSignature
    /// Octets.
    package let imageLength: Int64

    package init(manifest: [UInt8], signature: BackupSignature, imageLength: Int64) {
        self.manifest = manifest
        self.signature = signature
        self.imageLength = imageLength
    }

    package var octets: [UInt8] {
        var octets = Self.prefixed(self.manifest) + Self.prefixed(self.signature.octets)
        octets.append(UInt8(self.signature.chain.count))
        for certificate in self.signature.chain { octets += Self.prefixed(certificate) }
        return octets + withUnsafeBytes(of: self.imageLength.bigEndian) { Array($0) }
    }

    private static func prefixed(_ part: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(part.count).bigEndian) { Array($0) } + part
    }

    /// Takes it off the front of a backup.
    package init(from reader: BackupReader) throws(EnrollmentError) {
        let manifest = try Self.part(reader, atMost: Self.largestManifest)
        let signature = try Self.part(reader, atMost: Self.largestPart)
        let count = Int(try reader.take(1)[0])
        guard (1...Self.longestChain).contains(count) else { throw Self.unreadable }
        var chain: [[UInt8]] = []
        for _ in 0..<count { chain.append(try Self.part(reader, atMost: Self.largestPart)) }
        let length = Self.number(try reader.take(8))
        guard length > 0, length <= UInt64(Int64.max) else { throw Self.unreadable }
        self.manifest = manifest
        self.signature = BackupSignature(octets: signature, chain: chain)
        self.imageLength = Int64(length)
    }

    private static func part(_ reader: BackupReader, atMost most: Int) throws(EnrollmentError) -> [UInt8] {
        let count = Self.number(try reader.take(4))
        guard count > 0, count <= UInt64(most) else { throw Self.unreadable }
        return try reader.take(Int(count))
    }

    private static func number(_ octets: [UInt8]) -> UInt64 {
        octets.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Authenticated octets that are not as this program writes them.
    private static var unreadable: EnrollmentError {
        .backup("content", "The backup's contents are not as this program writes them.")
    }
}

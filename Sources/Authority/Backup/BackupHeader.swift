package import EnrollmentCore
package import OpenSSLKit

/// What a backup file begins with, in the clear: what it is, and how its key is derived from the passphrase.
///
/// `GHBACKUP`, the format's version, the logarithm of scrypt's cost, its block size, the length of the salt, the salt:
/// 28 octets. Every chunk behind it is authenticated together with it.
package struct BackupHeader: Hashable, Sendable {
    package static let magic = Array("GHBACKUP".utf8)
    package static let version: UInt8 = 1
    package static let length = 28
    /// Octets of a chunk before it is sealed; all but the last have as many.
    package static let chunk = 65_536

    private static let saltLength = 16
    /// scrypt with N = 2¹⁷ and r = 8 takes 128 MiB: a backup lies about for years.
    private static let cost: UInt8 = 17

    package let parameters: SealingKey.Parameters

    /// A header with a fresh salt.
    ///
    /// - Parameter cost: Base-2 logarithm of scrypt's cost; lower than usual for tests.
    /// - Returns: A new one each time.
    /// - Throws: ``EnrollmentError`` when the library gives no random numbers.
    package static func fresh(cost: UInt8? = nil) throws(EnrollmentError) -> BackupHeader {
        let salt = try library("backup.random") { () throws(OpenSSLError) in try SystemRandom.octets(Self.saltLength) }
        return BackupHeader(
            parameters: SealingKey.Parameters(salt: salt, logarithmicCost: cost ?? Self.cost, blockSize: 8)
        )
    }

    private init(parameters: SealingKey.Parameters) {
        self.parameters = parameters
    }

    package var octets: [UInt8] {
        Self.magic
            + [
                Self.version, self.parameters.logarithmicCost, self.parameters.blockSize,
                UInt8(self.parameters.salt.count),
            ] + self.parameters.salt
    }

    /// - Throws: ``EnrollmentError`` with rule `backup.format` for what is no backup, `backup.version` for one of a newer
    ///   format.
    package init(reading octets: [UInt8]) throws(EnrollmentError) {
        guard octets.starts(with: Self.magic), octets.count > Self.magic.count else {
            throw .backup("format", "This is not a backup that gatehouse made.")
        }
        guard octets[8] == Self.version else {
            throw .backup(
                "version",
                "The backup has format \(octets[8]) and this program reads format \(Self.version); use the newer program."
            )
        }
        // Beyond these the library would take gigabytes, or nothing would be left to guess.
        guard octets.count == Self.length, (10...18).contains(octets[9]), (1...16).contains(octets[10]),
            octets[11] == UInt8(Self.saltLength)
        else { throw .backup("format", "The backup's first octets are damaged.") }
        self.parameters = SealingKey.Parameters(
            salt: Array(octets[12..<Self.length]),
            logarithmicCost: octets[9],
            blockSize: octets[10]
        )
    }

    /// Derives the key, which takes a noticeable time.
    func key(_ passphrase: borrowing SecretOctets) throws(EnrollmentError) -> StreamKey {
        do throws(OpenSSLError) {
            return try StreamKey(passphrase: passphrase, parameters: self.parameters, header: self.octets)
        } catch {
            throw EnrollmentError(
                .internalService,
                "The library derives no key for this backup: \(error).",
                rule: "backup.derive",
                cause: error
            )
        }
    }
}

extension EnrollmentError {
    /// A backup that cannot be taken for what it should be.
    static func backup(_ rule: String, _ detail: String) -> EnrollmentError {
        EnrollmentError(.internalService, detail, rule: "backup.\(rule)")
    }
}

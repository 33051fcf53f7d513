internal import EnrollmentCore
internal import OpenSSLKit

/// What the store keeps so that the passphrase opens the vault: salt and cost of scrypt, and the data keys.
///
/// One octet each for version, base-2 logarithm of N, r, and the salt's length; the salt; then
///
/// - version 1: a sealed check value. The derived key is the one data key.
/// - version 2: one octet, how many data keys there are; each sealed by the derived key, oldest first, with its length in
///   one octet ahead.
struct SealingParameters {
    /// As many as one octet counts and anybody will ever need.
    static let mostKeys = 64
    private static let checkPurpose = "vault/check"

    let octets: [UInt8]
    private let version: UInt8
    private let derivation: SealingKey.Parameters
    private let rest: ArraySlice<UInt8>

    static var unreadable: EnrollmentError {
        EnrollmentError(
            .internalService,
            "The store's sealing parameters cannot be read. Restore the store from a backup.",
            rule: "vault.parameters"
        )
    }

    /// - Throws: ``EnrollmentError`` with rule `vault.parameters` for octets that are none.
    init(_ octets: [UInt8]) throws(EnrollmentError) {
        guard octets.count > 4, octets[0] == 1 || octets[0] == 2, (10...20).contains(octets[1]),
            (1...32).contains(octets[2]), octets.count > 4 + Int(octets[3])
        else { throw Self.unreadable }
        let salt = Array(octets[4..<4 + Int(octets[3])])
        self.octets = octets
        self.version = octets[0]
        self.derivation = SealingKey.Parameters(salt: salt, logarithmicCost: octets[1], blockSize: octets[2])
        self.rest = octets[(4 + salt.count)...]
    }

    /// New salt and today's cost, for these data keys and this passphrase.
    static func fresh(
        of keys: [SealingKey],
        for passphrase: borrowing SecretOctets,
        cost: SealingCost = .service
    ) throws(EnrollmentError) -> SealingParameters {
        let octets: [UInt8]
        do throws(OpenSSLError) {
            let salt = try SealingKey.Parameters.fresh().salt
            let derivation = SealingKey.Parameters(salt: salt, logarithmicCost: cost.rawValue, blockSize: 8)
            let derived = try SealingKey(passphrase: passphrase, parameters: derivation)
            var written: [UInt8] = [2, derivation.logarithmicCost, derivation.blockSize, UInt8(derivation.salt.count)]
            written += derivation.salt
            written.append(UInt8(keys.count))
            for (number, key) in keys.enumerated() {
                let sealed = try key.sealed(by: derived, for: Self.purpose(number, of: keys.count))
                written.append(UInt8(sealed.count))
                written += sealed
            }
            octets = written
        } catch {
            throw EnrollmentError(
                .internalService,
                "The library made no sealing key: \(error).",
                rule: "vault.create",
                cause: error
            )
        }
        return try SealingParameters(octets)
    }

    /// The data keys, oldest first.
    ///
    /// - Throws: ``EnrollmentError`` with rule `vault.passphrase` for another passphrase, `vault.parameters`.
    func keys(for passphrase: borrowing SecretOctets) throws(EnrollmentError) -> [SealingKey] {
        let derived: SealingKey
        do throws(OpenSSLError) {
            derived = try SealingKey(passphrase: passphrase, parameters: self.derivation)
        } catch {
            throw EnrollmentError(
                .internalService,
                "The library derived no key from the passphrase: \(error).",
                rule: "vault.derive",
                cause: error
            )
        }
        do throws(SealingKey.OpeningError) {
            guard self.version == 2 else {
                _ = try derived.open(Array(self.rest), for: Self.checkPurpose)
                return [derived]
            }
            return try self.ring(by: derived)
        } catch {
            if case .malformed = error { throw Self.unreadable }
            throw EnrollmentError(
                .internalService,
                "The passphrase does not open this store's keys. Give the one the store was made with, or the one that"
                    + " gatehouse ca reseal set last.",
                rule: "vault.passphrase",
                cause: error
            )
        }
    }

    private func ring(by derived: SealingKey) throws(SealingKey.OpeningError) -> [SealingKey] {
        var rest = self.rest
        guard let count = rest.popFirst(), (1...Self.mostKeys).contains(Int(count)) else { throw .malformed }
        var keys: [SealingKey] = []
        for number in 0..<Int(count) {
            guard let length = rest.popFirst(), rest.count >= Int(length) else { throw .malformed }
            let blob = Array(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
            keys.append(try SealingKey(opening: blob, with: derived, for: Self.purpose(number, of: Int(count))))
        }
        guard rest.isEmpty else { throw .malformed }
        return keys
    }

    /// The count is in it, so that nobody takes a key away unnoticed.
    private static func purpose(_ number: Int, of count: Int) -> String { "vault/data-key/\(number)/\(count)" }
}

package import EnrollmentCore
package import OpenSSLKit

/// Seals and opens the authority's keys under a key derived from the operator's passphrase.
package struct Vault: SecretSealer {
    private static let checkPurpose = "vault/check"
    private let key: SealingKey

    private init(_ key: SealingKey) {
        self.key = key
    }

    /// A new vault, and the parameters that ``init(passphrase:parameters:)`` needs to open it again.
    package static func create(
        passphrase: borrowing SecretOctets
    ) throws(EnrollmentError) -> (vault: Vault, parameters: [UInt8]) {
        try library("vault.create") { () throws(OpenSSLError) in
            let parameters = try SealingKey.Parameters.fresh()
            let key = try SealingKey(passphrase: passphrase, parameters: parameters)
            let check = try key.seal(SecretOctets([]), for: Self.checkPurpose)
            let header: [UInt8] = [1, parameters.logarithmicCost, parameters.blockSize, UInt8(parameters.salt.count)]
            return (Vault(key), header + parameters.salt + check)
        }
    }

    /// Opens the vault that ``create(passphrase:)`` made, by the parameters it gave.
    ///
    /// - Throws: ``EnrollmentError`` that tells a wrong passphrase from a damaged store.
    package init(passphrase: borrowing SecretOctets, parameters: [UInt8]) throws(EnrollmentError) {
        guard parameters.count > 4, parameters[0] == 1, (10...20).contains(parameters[1]),
            (1...32).contains(parameters[2]), parameters.count > 4 + Int(parameters[3])
        else {
            throw EnrollmentError(
                .internalService,
                "The store's sealing parameters cannot be read. Restore the store from a backup.",
                rule: "vault.parameters"
            )
        }
        let salt = Array(parameters[4..<4 + Int(parameters[3])])
        let settings = SealingKey.Parameters(salt: salt, logarithmicCost: parameters[1], blockSize: parameters[2])
        self.key = try library("vault.derive") { () throws(OpenSSLError) in
            try SealingKey(passphrase: passphrase, parameters: settings)
        }
        do throws(SealingKey.OpeningError) {
            _ = try self.key.open(Array(parameters[(4 + salt.count)...]), for: Self.checkPurpose)
        } catch {
            throw EnrollmentError(
                .internalService,
                "The passphrase does not open this store's keys. Give the one the store was made with.",
                rule: "vault.passphrase",
                cause: error
            )
        }
    }

    package func seal(_ secret: [UInt8], for purpose: String) throws(EnrollmentError) -> [UInt8] {
        try library("vault.seal") { () throws(OpenSSLError) in
            try self.key.seal(SecretOctets(secret), for: purpose)
        }
    }

    /// Opens what ``seal(_:for:)`` gave for the same purpose.
    package func open(_ sealed: [UInt8], for purpose: String) throws(EnrollmentError) -> SecretOctets {
        do throws(SealingKey.OpeningError) {
            return try self.key.open(sealed, for: purpose)
        } catch {
            throw EnrollmentError(
                .internalService,
                "What was sealed as \(purpose) is damaged or was sealed for something else. Restore the store.",
                rule: "vault.open",
                cause: error
            )
        }
    }

    /// Seals an authority or service key, bound to `owner`.
    package func seal(_ key: SigningKey, of owner: String) throws(EnrollmentError) -> [UInt8] {
        try library("vault.seal") { () throws(OpenSSLError) in
            try self.key.seal(try key.privateKeyInfo(), for: "key/\(owner)")
        }
    }

    /// Opens what ``seal(_:of:)`` gave for the same owner.
    package func open(_ sealed: [UInt8], of owner: String) throws(EnrollmentError) -> SigningKey {
        let secret: SecretOctets
        do throws(SealingKey.OpeningError) {
            secret = try self.key.open(sealed, for: "key/\(owner)")
        } catch {
            throw EnrollmentError(
                .internalService,
                "The sealed key of \(owner) is damaged or was sealed for something else. Restore the store.",
                rule: "vault.key",
                cause: error
            )
        }
        do throws(OpenSSLError) {
            return try SigningKey(privateKeyInfo: secret)
        } catch {
            throw EnrollmentError(
                .internalService,
                "The sealed key of \(owner) does not hold a usable key: \(error).",
                rule: "vault.key",
                cause: error
            )
        }
    }
}

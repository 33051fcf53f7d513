package import EnrollmentCore
package import OpenSSLKit
internal import Synchronization

/// Seals and opens the authority's keys and secrets with data keys, which the operator's passphrase opens.
///
/// The ring of data keys is in the store, each sealed by the key that scrypt derives from the passphrase. The newest seals;
/// what an older one sealed stays readable, so that a change of the passphrase need not touch every secret.
package final class Vault: SecretSealer {

    private struct State: Sendable {
        var parameters: [UInt8]
        /// Oldest first, never empty.
        var keys: [SealingKey]
    }

    private let state: Mutex<State>

    private init(_ keys: [SealingKey], parameters: [UInt8]) {
        self.state = Mutex(State(parameters: parameters, keys: keys))
    }

    /// A new vault, and the parameters that ``init(passphrase:parameters:)`` needs to open it again.
    ///
    /// - Parameters:
    ///   - passphrase: What opens it.
    ///   - cost: How much each guess at the passphrase takes.
    /// - Returns: Both.
    /// - Throws: ``EnrollmentError`` when the library failed.
    package static func create(
        passphrase: borrowing SecretOctets,
        cost: SealingCost = .service
    ) throws(EnrollmentError) -> (vault: Vault, parameters: [UInt8]) {
        let key = try library("vault.create") { () throws(OpenSSLError) in try SealingKey.generate() }
        let parameters = try SealingParameters.fresh(of: [key], for: passphrase, cost: cost).octets
        return (Vault([key], parameters: parameters), parameters)
    }

    /// Opens the vault by the parameters that the store keeps.
    ///
    /// - Throws: ``EnrollmentError`` that tells a wrong passphrase from a damaged store.
    package convenience init(passphrase: borrowing SecretOctets, parameters: [UInt8]) throws(EnrollmentError) {
        self.init(try SealingParameters(parameters).keys(for: passphrase), parameters: parameters)
    }

    /// Which parameters opened it, to be compared with those in the store.
    package var parameters: [UInt8] { self.state.withLock { $0.parameters } }

    /// Opens it anew, for everybody who holds it: by another passphrase, with what has been added to the ring.
    ///
    /// - Throws: As ``init(passphrase:parameters:)``; everything stays as it was then.
    package func reopen(passphrase: borrowing SecretOctets, parameters: [UInt8]) throws(EnrollmentError) {
        let keys = try SealingParameters(parameters).keys(for: passphrase)
        self.state.withLock { $0 = State(parameters: parameters, keys: keys) }
    }

    /// The vault with a fresh data key added, for another passphrase; this one stays what it is.
    ///
    /// - Parameters:
    ///   - passphrase: What opens it then.
    ///   - unneeded: So many of the oldest data keys are left out, because nothing needs them any more; the newest is never.
    /// - Returns: The other vault.
    /// - Throws: ``EnrollmentError`` with rule `vault.ring` when the ring is full.
    package func renewed(
        passphrase: borrowing SecretOctets,
        without unneeded: Int = 0
    ) throws(EnrollmentError) -> Vault {
        let fresh = try library("vault.create") { () throws(OpenSSLError) in try SealingKey.generate() }
        let former = self.keys
        let keys = former.dropFirst(max(0, min(unneeded, former.count - 1))) + [fresh]
        guard keys.count <= SealingParameters.mostKeys else {
            throw EnrollmentError(
                .internalService,
                "The store has \(SealingParameters.mostKeys) data keys, as many as it can hold, and events that were never"
                    + " removed still need the oldest one. Wait until handOff.eventDays have passed since the last new"
                    + " passphrase, or lower that.",
                rule: "vault.ring"
            )
        }
        return Vault(
            Array(keys),
            parameters: try SealingParameters.fresh(of: Array(keys), for: passphrase).octets
        )
    }

    /// Whether there is room for another data key only in the place of one that nothing needs.
    package var isFull: Bool { self.keys.count >= SealingParameters.mostKeys }

    /// How many data keys are older than the one that opens it; `nil` when none does.
    package func age(ofKeyFor sealed: [UInt8], purpose: String) -> Int? {
        self.keys.firstIndex { key in
            do throws(SealingKey.OpeningError) {
                _ = try key.open(sealed, for: purpose)
                return true
            } catch {
                return false
            }
        }
    }

    private var keys: [SealingKey] { self.state.withLock { $0.keys } }

    // MARK: Secrets

    package func seal(_ secret: [UInt8], for purpose: String) throws(EnrollmentError) -> [UInt8] {
        try self.seal(SecretOctets(secret), as: purpose)
    }

    /// Opens what ``seal(_:for:)`` gave for the same purpose.
    package func open(_ sealed: [UInt8], for purpose: String) throws(EnrollmentError) -> SecretOctets {
        do throws(SealingKey.OpeningError) {
            return try self.open(sealed, as: purpose)
        } catch {
            throw EnrollmentError(
                .internalService,
                "What was sealed as \(purpose) is damaged or was sealed for something else. Restore the store.",
                rule: "vault.open",
                cause: error
            )
        }
    }

    // MARK: Keys

    /// Seals an authority or service key, bound to `owner`.
    package func seal(_ key: SigningKey, of owner: String) throws(EnrollmentError) -> [UInt8] {
        let info = try library("vault.seal") { () throws(OpenSSLError) in try key.privateKeyInfo() }
        return try self.seal(info, as: KeyPurpose.of(owner))
    }

    /// Opens what ``seal(_:of:)`` gave for the same owner.
    package func open(_ sealed: [UInt8], of owner: String) throws(EnrollmentError) -> SigningKey {
        let secret: SecretOctets
        do throws(SealingKey.OpeningError) {
            secret = try self.open(sealed, as: KeyPurpose.of(owner))
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

    /// A sealed key of `owner`, sealed by the newest data key of `other`.
    package func reseal(_ sealed: [UInt8], of owner: String, by other: Vault) throws(EnrollmentError) -> [UInt8] {
        try other.seal(try self.open(sealed, of: owner), of: owner)
    }

    private func seal(_ secret: borrowing SecretOctets, as purpose: String) throws(EnrollmentError) -> [UInt8] {
        guard let newest = self.keys.last else { throw SealingParameters.unreadable }
        do throws(OpenSSLError) {
            return try newest.seal(secret, for: purpose)
        } catch {
            throw EnrollmentError(
                .internalService,
                "The library did not seal \(purpose): \(error).",
                rule: "vault.seal",
                cause: error
            )
        }
    }

    /// The newest key first: most of what is opened was sealed by it.
    private func open(_ sealed: [UInt8], as purpose: String) throws(SealingKey.OpeningError) -> SecretOctets {
        for key in self.keys.reversed() {
            do throws(SealingKey.OpeningError) {
                return try key.open(sealed, for: purpose)
            } catch .notAuthentic {
                continue
            }
        }
        throw .notAuthentic
    }
}

/// How much it takes to try one passphrase, as base-2 logarithm of scrypt's N.
package enum SealingCost: UInt8, Sendable {
    /// 32 MiB and about 0.1 s: at each start of a service and each command.
    case service = 15
    /// 128 MiB and about 0.5 s: for a file that may be copied, and is opened by people.
    case file = 17
}

/// What a sealed signing key is bound to.
enum KeyPurpose {
    static func of(_ owner: String) -> String { "key/\(owner)" }
}

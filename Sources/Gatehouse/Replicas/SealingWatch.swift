import Authority
import EnrollmentCore
import Ledger
import Logging
import OpenSSLKit
import Synchronization

/// Opens the vault anew after somebody changed the passphrase, as soon as the new one is in its place here.
///
/// Until then everything goes on with the keys that are open: only what has been sealed since cannot be read.
final class SealingWatch: Sendable {
    /// Seconds between two reminders in the log.
    private static let reminder: Int64 = 60

    private struct State {
        /// Digest of parameters and passphrase that did not go together, so that they are not tried every second.
        var refused: [UInt8]?
        var told: Timestamp?
        var reason: String?
    }

    private let vault: Vault
    private let clock: any WallClock
    private let logger: Logger
    private let bench = VaultBench()
    private let state = Mutex(State())

    init(vault: Vault, clock: any WallClock, logger: Logger) {
        self.vault = vault
        self.clock = clock
        self.logger = logger
    }

    /// Why the vault is not opened by the parameters in the store; `nil` while it is.
    var reason: String? { self.state.withLock { $0.reason } }

    /// Compares the vault with the store's parameters, and opens it anew where they are others.
    ///
    /// - Returns: Whether that was done.
    /// - Throws: ``EnrollmentError`` when the parameters cannot be read.
    func look(at parameters: [UInt8]?, passphrase: SecretReference) async throws(EnrollmentError) -> Bool {
        guard let parameters, parameters != self.vault.parameters else {
            self.state.withLock { $0 = State() }
            return false
        }
        let secret: Redacted<[UInt8]>
        do throws(CommandProblem) {
            secret = try passphrase.fetch()
        } catch {
            self.tell("\(error.sentence)", passphrase)
            return false
        }
        let attempt = try self.digest(parameters, secret)
        if self.state.withLock({ $0.refused }) == attempt {
            self.tell("it is still the former one", passphrase)
            return false
        }
        do throws(EnrollmentError) {
            try await self.bench.reopen(self.vault, passphrase: secret, parameters: parameters)
        } catch {
            guard error.rule == "vault.passphrase" else { throw error }
            self.state.withLock { $0.refused = attempt }
            self.tell("it is still the former one", passphrase)
            return false
        }
        self.state.withLock { $0 = State() }
        self.logger.notice("the new passphrase is in effect", metadata: ["passphrase": "\(passphrase.place)"])
        return true
    }

    private func tell(_ why: String, _ passphrase: SecretReference) {
        let now = self.clock.now
        let isDue = self.state.withLock { state in
            state.reason =
                "The passphrase of the store's keys was changed, and the one here (\(passphrase.place)) does not open them:"
                + " \(why). Put the new one there before the next start."
            guard state.told.map({ now >= $0.adding(seconds: Self.reminder) }) ?? true else { return false }
            state.told = now
            return true
        }
        guard isDue else { return }
        self.logger.warning(
            "the passphrase was changed, and the new one is not here yet",
            metadata: ["passphrase": "\(passphrase.place)", "why": "\(why)"]
        )
    }

    private func digest(_ parameters: [UInt8], _ secret: Redacted<[UInt8]>) throws(EnrollmentError) -> [UInt8] {
        do throws(OpenSSLError) {
            return try Digest.sha256(parameters + secret.reveal())
        } catch {
            throw EnrollmentError(
                .internalService,
                "The cryptographic library made no digest: \(error).",
                rule: "vault.digest",
                cause: error
            )
        }
    }
}

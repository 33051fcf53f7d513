import Authority
import EnrollmentCore
import Ledger
import Logging

extension KeyRing {
    /// Opens the store's vault with the configured passphrase, and names the configured tokens.
    ///
    /// - Throws: ``CommandProblem`` when the passphrase is missing or wrong, or the store was never filled.
    static func open(by configuration: Configuration, in ledger: any LedgerStore) async throws(CommandProblem)
        -> KeyRing
    {
        KeyRing(vault: try await Vault.open(by: configuration, in: ledger), tokens: configuration.tokenKeys())
    }
}

extension Logger {
    /// Says that a token is lost, or back.
    func note(_ reach: TokenReach) {
        if let trouble = reach.trouble {
            self.error("token is out of reach", metadata: ["token": "\(reach.name)", "because": "\(trouble)"])
        } else {
            self.notice("token is back", metadata: ["token": "\(reach.name)"])
        }
    }
}

import Authority
import EnrollmentCore
import Ledger
import OpenSSLKit

extension Vault {
    /// Opens the store's vault with the configured passphrase.
    ///
    /// - Throws: ``CommandProblem`` when the passphrase is missing or wrong, or the store was never filled.
    static func open(by configuration: Configuration, in ledger: any LedgerStore) async throws(CommandProblem) -> Vault
    {
        SecureHeap.initialize(size: 1 << 18)
        let passphrase = try configuration.passphrase.fetch()
        return try await answer { () throws(EnrollmentError) in
            guard let parameters = try await ledger.sealingParameters() else {
                throw EnrollmentError.unfinished(configuration.store)
            }
            return try Vault(passphrase: SecretOctets(passphrase.reveal()), parameters: parameters)
        }
    }
}

extension EnrollmentError {
    /// A store whose founding broke off, or that a restore was to fill.
    static func unfinished(_ store: StoreLocation) -> EnrollmentError {
        let remedy = store.isShared ? "Run gatehouse init again" : "Remove it and run gatehouse init again"
        return EnrollmentError(
            .internalService,
            "The store was made but never filled. \(remedy), or gatehouse backup restore for one that was lost.",
            rule: "store.empty"
        )
    }
}

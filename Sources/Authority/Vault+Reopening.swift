package import EnrollmentCore
internal import OpenSSLKit
internal import ServiceRuntime

/// Opens vaults anew off the cooperative pool: deriving a key takes a tenth of a second by design.
package actor VaultBench {
    private let executor = BlockingExecutor(label: "gatehouse.vault")

    package nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }

    package init() {}

    /// - Throws: As ``Vault/reopen(passphrase:parameters:)``.
    package func reopen(
        _ vault: Vault,
        passphrase: Redacted<[UInt8]>,
        parameters: [UInt8]
    ) throws(EnrollmentError) {
        try vault.reopen(passphrase: SecretOctets(passphrase.reveal()), parameters: parameters)
    }
}

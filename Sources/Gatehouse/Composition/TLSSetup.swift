import Authority
import EnrollmentCore
import Ledger
import OpenSSLKit

/// Makes the TLS context of the device listener out of what the ledger holds.
struct TLSSetup: Sendable {
    let ledger: SQLiteLedger
    let vault: Vault
    let ticketKeys: TLSTicketKeys

    func context() async throws(CommandProblem) -> TLSContext {
        let record: ServiceCertificateRecord?
        let issuers: [IssuerRecord]
        let key: SigningKey
        do throws(EnrollmentError) {
            record = try await self.ledger.serviceCertificate(for: "tls")
            issuers = try await self.ledger.issuers()
            guard let record else {
                throw EnrollmentError(
                    .internalService,
                    "The store holds no TLS certificate. Run gatehouse init for a new store, or restore the right one.",
                    rule: "tls.certificate"
                )
            }
            key = try self.vault.open(record.sealedKey, of: "tls")
        } catch {
            throw CommandProblem(error)
        }
        do throws(TLSConfigurationError) {
            let verifier = try PeerCertificateVerifier(
                anchors: issuers.filter { $0.role == .root }.map(\.certificate),
                issuers: issuers.filter { $0.role == .issuing }.map(\.certificate)
            )
            return try TLSContext(
                server: TLSServerConfiguration(
                    identities: [try TLSIdentity(certificates: record?.chain ?? [], key: key)],
                    clientVerifier: verifier,
                    ticketKeys: self.ticketKeys
                )
            )
        } catch {
            throw CommandProblem("GH-TLS-001", "the TLS certificate cannot be used: \(error)", exit: .failed)
        }
    }
}

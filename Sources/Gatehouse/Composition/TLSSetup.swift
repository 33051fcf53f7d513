import Authority
import EnrollmentCore
import Ledger
import OpenSSLKit

/// Makes the TLS context of the device listener out of what the ledger holds.
struct TLSSetup: Sendable {
    let ledger: SQLiteLedger
    let vault: Vault
    let ticketKeys: TLSTicketKeys
    /// The host of the device URL, which the certificate has to name.
    let host: String

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
        let context: TLSContext
        let named: [String]
        do throws(TLSConfigurationError) {
            let verifier = try PeerCertificateVerifier(
                anchors: issuers.filter { $0.role == .root }.map(\.certificate),
                issuers: issuers.filter { $0.role == .issuing }.map(\.certificate)
            )
            let identity = try TLSIdentity(certificates: record?.chain ?? [], key: key)
            named = identity.serverNames
            context = try TLSContext(
                server: TLSServerConfiguration(
                    identities: [identity],
                    clientVerifier: verifier,
                    ticketKeys: self.ticketKeys
                )
            )
        } catch {
            throw CommandProblem("GH-TLS-001", "the TLS certificate cannot be used: \(error)", exit: .failed)
        }
        guard self.names(named) else {
            throw CommandProblem(
                "GH-TLS-003",
                "the TLS certificate does not name \(self.host), so no device could trust it",
                [("names", named.joined(separator: ", ")), ("try", "mend urls.device, or make a new store with init")],
                exit: .usage
            )
        }
        return context
    }

    /// Whether one of the certificate's names covers the host; addresses are left to the client.
    private func names(_ named: [String]) -> Bool {
        let host = self.host.lowercased()
        guard host.contains(where: { $0.isLetter }) else { return true }
        let parent = host.split(separator: ".", maxSplits: 1).last.map(String.init) ?? host
        return named.contains { $0 == host || $0 == "*.\(parent)" }
    }
}

import Authority
import EnrollmentCore
import Ledger
import Logging
import OpenSSLKit
import TLSTransport

/// Makes the TLS context of the device listener: certificates kept in files first, then the store's own.
struct TLSSetup: Sendable {
    let ledger: any LedgerStore
    let vault: Vault
    let ticketKeys: TLSTicketKeys

    /// - Throws: ``CommandProblem`` when a certificate cannot be used, or none names the host of the device URL.
    func context(for configuration: Configuration) async throws(CommandProblem) -> TLSContext {
        try await self.contextAndSerial(for: configuration).context
    }

    /// The same, with the serial number of the store's own certificate that is in it.
    func contextAndSerial(
        for configuration: Configuration
    ) async throws(CommandProblem) -> (context: TLSContext, serial: SerialNumber) {
        var identities: [TLSIdentity] = []
        for files in configuration.certificates { identities.append(try Self.identity(in: files)) }
        let issuers: [IssuerRecord]
        let links: LinkSelection
        do throws(EnrollmentError) {
            issuers = try await self.ledger.issuers()
            links = LinkSelection(try await self.ledger.links(), among: issuers)
        } catch {
            throw CommandProblem(error)
        }
        let (own, serial) = try await self.ownIdentity(issuers, links)
        identities.append(own)
        try self.require(configuration.deviceURL.host, among: identities)
        do throws(TLSConfigurationError) {
            let verifier = try PeerCertificateVerifier(
                anchors: issuers.filter { $0.role == .root }.map(\.certificate),
                issuers: issuers.filter { $0.role == .issuing }.map(\.certificate)
            )
            let context = try TLSContext(
                server: TLSServerConfiguration(
                    identities: identities,
                    clientVerifier: verifier,
                    ticketKeys: self.ticketKeys
                )
            )
            return (context, serial)
        } catch {
            throw Self.unusable("of the store", error)
        }
    }

    /// Reads one certificate with its key, and checks that they belong together.
    static func identity(in files: Configuration.CertificateFiles) throws(CommandProblem) -> TLSIdentity {
        let chain: [UInt8]
        do throws(FileError) {
            chain = try FilePath.read(files.chain, limit: 1 << 20)
        } catch {
            throw CommandProblem("GH-TLS-004", "the TLS certificate cannot be read: \(error)", exit: .usage)
        }
        let key = try files.key.fetch()
        do throws(TLSConfigurationError) {
            return try TLSIdentity(pem: chain, privateKey: key.reveal())
        } catch {
            throw Self.unusable(files.chain, error)
        }
    }

    /// With links behind the chain: a device that trusts the former root alone, or the next, can verify it too.
    private func ownIdentity(
        _ issuers: [IssuerRecord],
        _ links: LinkSelection
    ) async throws(CommandProblem) -> (identity: TLSIdentity, serial: SerialNumber) {
        let record: ServiceCertificateRecord
        let key: SigningKey
        do throws(EnrollmentError) {
            guard let found = try await self.ledger.serviceCertificate(for: "tls") else {
                throw EnrollmentError(
                    .internalService,
                    "The store holds no TLS certificate. Run gatehouse init for a new store, or restore the right one.",
                    rule: "tls.certificate"
                )
            }
            record = found
            key = try self.vault.open(record.sealedKey, of: "tls")
        } catch {
            throw CommandProblem(error)
        }
        do throws(TLSConfigurationError) {
            let chain = record.chain + links.behind(record.chain, of: issuers)
            return (try TLSIdentity(certificates: chain, key: key), record.serialNumber)
        } catch {
            throw Self.unusable("of the store", error)
        }
    }

    /// Refuses a set of certificates by which no device could trust the host it is sent to; addresses are left to the
    /// client.
    private func require(_ host: String, among identities: [TLSIdentity]) throws(CommandProblem) {
        let host = host.lowercased()
        guard host.contains(where: \.isLetter) else { return }
        let parent = host.split(separator: ".", maxSplits: 1).last.map(String.init) ?? host
        let names = identities.flatMap(\.serverNames)
        guard names.contains(where: { $0 == host || $0 == "*.\(parent)" }) else {
            throw CommandProblem(
                "GH-TLS-003",
                "no TLS certificate names \(host), so no device could trust it",
                [
                    ("names", names.joined(separator: ", ")),
                    ("try", "mend urls.device, or give a certificate in tls.certificates"),
                ],
                exit: .usage
            )
        }
    }

    private static func unusable(_ name: String, _ error: TLSConfigurationError) -> CommandProblem {
        CommandProblem("GH-TLS-001", "the TLS certificate \(name) cannot be used: \(error)", exit: .usage)
    }
}

extension TLSContextSource {
    /// Lets new connections have the certificate that was just renewed; those that are open keep theirs.
    ///
    /// - Parameters:
    ///   - setup: Makes it.
    ///   - configuration: Names further certificates.
    ///   - isRepeated: Whether it was tried before, and the reason told.
    ///   - logger: Hears of it.
    /// - Returns: `false` when they still get the former one.
    func renew(
        by setup: TLSSetup,
        for configuration: Configuration,
        isRepeated: Bool,
        _ logger: Logger
    ) async -> Bool {
        do throws(CommandProblem) {
            self.replace(with: try await setup.context(for: configuration))
            logger.notice("renewed TLS certificate in effect")
            return true
        } catch {
            if !isRepeated {
                logger.error("renewed TLS certificate not in effect", metadata: ["detail": "\(error.sentence)"])
            }
            return false
        }
    }
}

import Authority
import Directory
import EnrollmentCore
import EnrollmentWire
import Ledger
import Logging
import OpenSSLKit

/// The endpoints and what they lean on, for one configuration.
struct ServiceGraph: Sendable {
    let configuration: Configuration
    let discovery: DiscoveryEndpoint
    let policy: PolicyEndpoint
    let enrollment: EnrollmentEndpoint
    let verifier: LDAPCredentialVerifier

    /// What outlives a change of configuration.
    struct Foundation: Sendable {
        let ledger: any LedgerStore
        let vault: Vault
        let tokens: TokenKeys
        let authority: CurrentAuthority
        /// What certificates say of where CRLs and answers are; those are published there until the next start.
        let addresses: AuthorityAddresses

        /// Issuers' keys, wherever they are.
        var keys: KeyRing { KeyRing(vault: self.vault, tokens: self.tokens) }
    }

    init(
        _ configuration: Configuration,
        profiles: ProfileFolder,
        on foundation: Foundation,
        logger: Logger
    ) throws(CommandProblem) {
        let clock = SystemClock()
        let random = OpenSSLRandomSource()
        let services = EndpointServices(
            attempts: foundation.ledger,
            clock: clock,
            random: random,
            faults: FaultTranslator(status: configuration.faultStatus)
        )
        let verifier = try Self.verifier(for: configuration, logger: logger)
        let rule = AdmissionRule(groups: configuration.admittedGroups)
        let gate = AdmissionGate(verifier: verifier, rule: rule)
        let issuance = IssuancePolicy(profile: profiles.device, addresses: foundation.addresses)
        let authoriser = try HandOffParts.authoriser(of: configuration, logger: logger)
        let service = EnrollmentService(
            ports: EnrollmentService.Ports(
                verifier: gate,
                inspector: CertificationRequestInspector(),
                authority: foundation.authority,
                ledger: foundation.ledger,
                sealer: foundation.vault,
                authoriser: authoriser,
                clock: clock,
                random: random
            ),
            policy: issuance,
            limits: configuration.deviceLimit,
            management: configuration.managementPolicy,
            node: configuration.node,
            overlapSeconds: Int64(configuration.reservationHours) * 3_600
        )
        let renewal = RenewalService(
            ports: RenewalService.Ports(
                verifier: gate,
                users: verifier,
                inspector: SignedRenewalInspector(),
                authority: foundation.authority,
                ledger: foundation.ledger,
                authoriser: authoriser,
                clock: clock,
                random: random
            ),
            rules: RenewalService.Rules(
                issuance: issuance,
                renewal: configuration.renewalPolicy(for: profiles.device),
                admission: rule,
                limits: configuration.deviceLimit
            ),
            node: configuration.node
        )
        self.configuration = configuration
        self.verifier = verifier
        self.discovery = DiscoveryEndpoint(settings: configuration.discovery, services: services)
        self.policy = PolicyEndpoint(
            settings: configuration.policySettings(for: profiles.device),
            verifier: gate,
            services: services
        )
        self.enrollment = EnrollmentEndpoint(
            accounts: configuration.management,
            enroll: service.enroll,
            renew: renewal.renew,
            thumbprint: { (der) throws(EnrollmentError) in try WindowsThumbprint.of(der) },
            services: services
        )
    }

    /// The directory as configured.
    static func verifier(
        for configuration: Configuration,
        logger: Logger
    ) throws(CommandProblem) -> LDAPCredentialVerifier {
        var settings = configuration.directory
        if let account = configuration.directoryAccount {
            let password = try account.password.fetch()
            settings.serviceAccount = .init(
                name: account.name,
                password: Redacted(String(decoding: password.reveal(), as: UTF8.self))
            )
        }
        if let file = settings.caFile {
            do throws(FileError) {
                _ = try FilePath.read(file, limit: 16 << 20)
            } catch {
                throw CommandProblem("GH-CONFIG-005", "directory.caFile: \(error)", exit: .usage)
            }
        }
        do throws(DirectorySettingsError) {
            return try LDAPCredentialVerifier(settings, clock: SystemClock(), logger: logger)
        } catch {
            throw CommandProblem(
                "GH-CONFIG-004",
                "\(configuration.file): directory.\(error)",
                [("see", "Config/README.md, section directory")],
                exit: .usage
            )
        }
    }
}

/// SHA-1 over a certificate, by which Windows names it.
enum WindowsThumbprint {
    static func of(_ der: [UInt8]) throws(EnrollmentError) -> [UInt8] {
        do throws(OpenSSLError) {
            return try Digest.sha1(der)
        } catch {
            throw EnrollmentError(
                .internalService,
                "The cryptographic library made no digest: \(error).",
                rule: "thumbprint",
                cause: error
            )
        }
    }
}

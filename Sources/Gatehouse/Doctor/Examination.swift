import EnrollmentCore
import Ledger

/// Everything that checks look at, read once.
struct Examination: Sendable {
    let configuration: Configuration
    let ledger: any LedgerStore
    let now: Timestamp
    let issuers: [IssuerRecord]
    let profiles: ProfileFolder?

    init(_ configuration: Configuration, _ ledger: any LedgerStore, profiles: ProfileFolder?)
        async throws(EnrollmentError)
    {
        self.configuration = configuration
        self.ledger = ledger
        self.now = SystemClock().now
        self.issuers = try await ledger.issuers()
        self.profiles = profiles
    }

    /// Whether a replica with this configuration would be let in.
    private var agreement: Finding? {
        get async throws(EnrollmentError) {
            guard self.configuration.store.isShared, let profiles = self.profiles else { return nil }
            let agreed = try await self.ledger.agreement()
            let differences = Agreement(self.configuration, profiles).differences(from: agreed)
            guard let first = differences.first else {
                return .ok("agreement", "\(Numerals.count(agreed.count, "setting")) as all replicas have them")
            }
            return Finding(
                .failure,
                "agreement",
                "\(Numerals.count(differences.count, "setting")) not as the replicas agreed on; \(first.name) is"
                    + " \(first.here) here and \(first.agreed) there: no replica starts with this configuration",
                remedy: "gatehouse config agree"
            )
        }
    }

    /// Runs every check of the store's contents.
    func findings() async throws(EnrollmentError) -> [Finding] {
        var findings = try await StoreChecks(examination: self).findings()
        findings.append(try await BackupCheck(examination: self).finding())
        findings += try await self.agreement.map { [$0] } ?? []
        findings += await KeyChecks(examination: self).findings()
        findings += try await CertificateChecks(examination: self).findings()
        findings += try await CRLChecks(examination: self).findings()
        findings += try await RotationChecks(examination: self).findings()
        findings += try await FleetChecks(examination: self).findings()
        findings += try await HandOffChecks(examination: self).findings()
        findings.append(try await AccountCheck(examination: self).finding())
        return findings
    }
}

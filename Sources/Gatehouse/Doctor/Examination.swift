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

    /// Runs every check of the store's contents.
    func findings() async throws(EnrollmentError) -> [Finding] {
        var findings = try await StoreChecks(examination: self).findings()
        findings += await KeyChecks(examination: self).findings()
        findings += try await CertificateChecks(examination: self).findings()
        findings += try await CRLChecks(examination: self).findings()
        findings += try await FleetChecks(examination: self).findings()
        return findings
    }
}

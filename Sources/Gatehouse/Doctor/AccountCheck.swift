import EnrollmentCore
import EnrollmentWire
import Logging

/// Asks whether devices have management accounts that the configuration has no longer.
struct AccountCheck {
    let examination: Examination

    func finding() async throws(EnrollmentError) -> Finding {
        let name = "management-accounts"
        let lost = try await self.examination.configuration.accountsLost(by: self.examination.ledger)
        guard !lost.isEmpty else { return .ok(name, "every account that devices have is configured") }
        return Finding(
            .warning,
            name,
            "devices have the management account \(lost.joined(separator: ", ")), which is not configured: they renew, and"
                + " their events have neither its name nor its address",
            remedy: "add it to management.accounts, or have the devices enroll again"
        )
    }
}

extension Configuration {
    /// The provider ids of accounts that live devices have and that are not configured.
    func accountsLost(by ledger: any FleetQueries) async throws(EnrollmentError) -> [String] {
        try await ledger.managementAccounts().filter { self.management.account($0) == nil }
    }

    /// Says at the start and after a reload what ``AccountCheck`` would find.
    func warnOfLostAccounts(in ledger: any FleetQueries, _ logger: Logger) async {
        do throws(EnrollmentError) {
            let lost = try await self.accountsLost(by: ledger)
            guard !lost.isEmpty else { return }
            logger.warning(
                "devices have management accounts that are not configured; they renew, and their events lack addresses",
                metadata: ["accounts": "\(lost.joined(separator: ", "))"]
            )
        } catch {
            logger.warning("devices' management accounts were not compared", metadata: ["detail": "\(error.detail)"])
        }
    }
}

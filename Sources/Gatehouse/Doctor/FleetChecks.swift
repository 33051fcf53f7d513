import EnrollmentCore
import Ledger

/// Asks whether any device is about to fall out.
struct FleetChecks {
    let examination: Examination

    func findings() async throws(EnrollmentError) -> [Finding] {
        let now = self.examination.now
        let fleet = try await self.examination.ledger.fleet(at: now)
        let name = "falling-out"
        func count(_ days: PartialRangeUpTo<Int>) -> Int {
            fleet.buckets.filter { $0.days.upperBound < days.upperBound }.map(\.count).reduce(0, +)
        }
        let week = count(..<7)
        let fortnight = count(..<14)
        if week > 0 {
            return [
                Finding(
                    .failure,
                    name,
                    "\(Numerals.count(week, "live device")) with less than 7 days left or none;"
                        + " of those with less than 30 days \(Numerals.grouped(fleet.refusedRenewals)) had a renewal refused",
                    remedy: "gatehouse device list --falling-out --within 7d"
                )
            ]
        }
        if fortnight > 0 || fleet.refusedRenewals > 0 {
            return [
                Finding(
                    .warning,
                    name,
                    "\(Numerals.count(fortnight, "live device")) with less than 14 days left; of those with less than 30"
                        + " days \(Numerals.grouped(fleet.refusedRenewals)) had a renewal refused",
                    remedy: "gatehouse device list --falling-out --within 30d"
                )
            ]
        }
        return [.ok(name, "no live device has less than 14 days left")]
    }
}

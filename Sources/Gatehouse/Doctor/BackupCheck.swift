import EnrollmentCore
import Ledger

/// Asks whether the last backup is as young as it should be.
struct BackupCheck {
    let examination: Examination

    func finding() async throws(EnrollmentError) -> Finding {
        let hours = self.examination.configuration.backup.maxAgeHours
        let last = try await self.examination.ledger.lastAct(.backUp)
        guard let last else {
            guard let hours else {
                return .skipped(
                    "backup",
                    "no backup was made by gatehouse, and backup.maxAgeHours does not ask for one"
                )
            }
            return Finding(
                .failure,
                "backup",
                "none was ever made; the configuration wants one every \(hours) h",
                remedy: "gatehouse backup create"
            )
        }
        let age = BackupAge(last, at: self.examination.now)
        let file = last.facts.first { $0.name == "file" }?.value ?? "a file"
        let what = "made \(Numerals.duration(age.seconds)) ago (\(last.act.time)): \(file)"
        guard let hours, age.exceeds(hours: hours) else { return .ok("backup", what) }
        return Finding(
            .failure,
            "backup",
            "the last one was \(what); the configuration wants one every \(hours) h",
            remedy: "gatehouse backup create"
        )
    }
}

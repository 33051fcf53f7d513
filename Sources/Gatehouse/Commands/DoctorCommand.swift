import ArgumentParser
import EnrollmentCore
import Ledger
import Logging

struct DoctorCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check everything the service leans on, and say what needs a person.",
        discussion: """
            Certificates and how long they last, CRLs and their age, keys, store, clock, directory, devices about to
            fall out, and settings that are seldom meant. Changes nothing; each finding names one command or setting.

              gatehouse doctor
              gatehouse doctor --only crl --json
              gatehouse doctor --all --strict

            Exit codes: 0 nothing needs a person, 1 something does.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: "Only the check, or the group of checks, of this name; repeatable.")
    var only: [String] = []
    @Flag(help: "List what is in order, too.")
    var all = false
    @Flag(help: "Exit with 1 for warnings as well.")
    var strict = false

    func perform() async throws(CommandProblem) -> CommandOutput {
        let findings = await self.examine()
        let chosen = self.only.isEmpty ? findings : findings.filter { self.isChosen($0) }
        guard !chosen.isEmpty else {
            let groups = Set(findings.compactMap { $0.name.split { $0 == " " || $0 == "." }.first.map(String.init) })
            throw CommandProblem(
                "GH-FIND-001",
                "there is no check \(self.only.joined(separator: ", "))",
                [("there are", groups.sorted().joined(separator: ", "))],
                exit: .notFound
            )
        }
        return DoctorScreen(findings: chosen, showsAll: self.all || !self.only.isEmpty, isStrict: self.strict).output
    }

    private func isChosen(_ finding: Finding) -> Bool {
        self.only.contains { finding.answers(to: $0) }
    }

    /// Goes as far as it can: what is broken first is told, and what could not be looked at is, too.
    private func examine() async -> [Finding] {
        let configuration: Configuration
        do throws(CommandProblem) {
            configuration = try self.common.configuration()
        } catch {
            return [Finding(.failure, "config", error.sentence, remedy: "gatehouse config check")]
        }
        var findings = [Finding.ok("config", "\(configuration.file), no unknown key")]
        var profiles: ProfileFolder?
        do throws(CommandProblem) {
            profiles = try ProfileFolder.load(configuration)
            findings.append(.ok("profiles", configuration.profilesFolder))
        } catch {
            findings.append(Finding(.failure, "profiles", error.sentence, remedy: "gatehouse config check"))
        }
        findings += ConfigurationChecks(configuration: configuration, profiles: profiles).findings()
        findings += await DirectoryChecks(configuration: configuration, now: SystemClock().now).findings()
        let known = profiles
        do throws(CommandProblem) {
            findings += try await self.common.withLedger { (ledger, configuration) throws(EnrollmentError) in
                try await Examination(configuration, ledger, profiles: known).findings()
            }
        } catch {
            findings.append(Finding(.failure, "store", error.sentence, remedy: error.lines.last?.text))
        }
        return findings
    }
}

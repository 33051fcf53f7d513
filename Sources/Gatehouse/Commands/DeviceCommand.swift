public import ArgumentParser
public import EnrollmentCore
import Ledger

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Look at enrolled devices; reset, retire, hold and resume them.",
        subcommands: [
            List.self, Show.self, Reset.self, Retire.self, Permit.self, Hold.self, Resume.self,
        ]
    )

    struct List: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "List devices, newest enrollment first, or those about to fall out.",
            discussion: """
                With --falling-out: live devices whose certificate ends soon, the soonest first, each with the last
                renewal that was refused and the rule that refused it.

                  gatehouse device list
                  gatehouse device list --user kim@corp.example
                  gatehouse device list --state active --limit 500 --json
                  gatehouse device list --falling-out --within 30d --exit-code
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(help: "Only this user's: principal name or directory id.")
        var user: String?
        @Option(
            help: ArgumentHelp("Only in this state: \(DeviceState.allCases.map(\.rawValue).joined(separator: ", ")).")
        )
        var state: DeviceState?
        @Flag(help: "Only live devices whose certificate ends soon, the soonest first.")
        var fallingOut = false
        @Option(help: "With --falling-out: within so many days.")
        var within: DayCount?
        @Flag(help: "Exit with 1 when the list is not empty.")
        var exitCode = false
        @OptionGroup var page: PageOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            let size = try self.page.size()
            guard self.fallingOut else {
                guard self.within == nil else { throw .usage("--within belongs to --falling-out", see: "device list") }
                return try await self.devices(size)
            }
            guard self.user == nil, self.state == nil else {
                throw .usage("--falling-out goes with neither --user nor --state", see: "device list")
            }
            return try await self.devicesFallingOut(size)
        }

        private func devicesFallingOut(_ size: Int) async throws(CommandProblem) -> CommandOutput {
            let now = SystemClock().now
            let end = now.adding(days: (self.within ?? DayCount(days: 30)).days)
            let page = try await self.common.withLedger { (ledger, _) throws(EnrollmentError) in
                try await ledger.fallingOut(endingBefore: end, after: self.page.after, limit: size)
            }
            return CommandOutput(
                text: FallingOutReport.text(page, at: now),
                json: FallingOutReport.json(page, at: now),
                exit: self.exitCode && !page.elements.isEmpty ? .failed : .done
            )
        }

        private func devices(_ size: Int) async throws(CommandProblem) -> CommandOutput {
            let page = try await self.common.withLedger { (ledger, _) throws(EnrollmentError) -> Page<DeviceRecord>? in
                var query = DeviceQuery(state: self.state, after: self.page.after, limit: size)
                if let user = self.user {
                    guard let record = try await ledger.user(user) else { return nil }
                    query.userID = record.id
                }
                return try await ledger.devices(query)
            }
            guard let page else {
                throw .notFound("user", self.user ?? "", "gatehouse device list")
            }
            var table = Table("Device", "Name", "Owner", "State", "Certificate ends", "Last proven contact")
            for device in page.elements {
                table.append(
                    "\(device.device)",
                    device.name,
                    device.userPrincipalName,
                    device.state.rawValue,
                    device.certificateEnds.map { "\($0)" },
                    "\(device.lastProvenContact)"
                )
            }
            return CommandOutput(
                text: table.text + Listing.footer(page.next),
                json: Listing.json("gatehouse.device-list/1", "devices", page.elements.map(\.json), next: page.next),
                exit: self.exitCode && !page.elements.isEmpty ? .failed : .done
            )
        }
    }

    struct Show: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one device: owner, certificates, permits, conflicts, what happened to it.",
            discussion: """
                  gatehouse device show 6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1
                  gatehouse device show 6b1f0f0e
                  gatehouse device show DESKTOP-7F3A --history
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "Device id, its first 8 or more symbols, or a device name that only one device has.")
        var device: String
        @Flag(help: "All that happened, instead of the latest.")
        var history = false

        private struct Found: Sendable {
            let matches: [DeviceRecord]
            let facts: DeviceFacts?
        }

        func perform() async throws(CommandProblem) -> CommandOutput {
            let length = self.history ? PageSize.largest : 10
            let found = try await self.common.withLedger { (ledger, _) throws(EnrollmentError) in
                let matches: [DeviceRecord]
                if let id = DeviceID(self.device) {
                    matches = try await ledger.device(id).map { [$0] } ?? []
                } else {
                    matches = try await ledger.devices(matching: self.device, limit: 11)
                }
                guard let only = matches.first, matches.count == 1 else { return Found(matches: matches, facts: nil) }
                return Found(matches: matches, facts: try await DeviceFacts(of: only, in: ledger, length: length))
            }
            guard !found.matches.isEmpty else { throw .notFound("device", self.device, "gatehouse device list") }
            guard let facts = found.facts else {
                throw CommandProblem(
                    "GH-FIND-002",
                    "\(self.device) is not one device",
                    found.matches.map { ("\($0.device)", "\($0.name), \($0.userPrincipalName)") },
                    exit: .notFound
                )
            }
            let configuration = try self.common.configuration()
            let profile = try ProfileFolder.load(configuration).device
            let renewal = RenewalWindow(
                policy: configuration.renewalPolicy(for: profile),
                schedule: profile.renewal
            )
            let report = DeviceReport(facts: facts, renewal: renewal, length: length)
            return CommandOutput(text: report.text, json: report.json)
        }
    }
}

extension DeviceState: ExpressibleByArgument {}

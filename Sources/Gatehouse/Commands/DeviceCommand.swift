public import ArgumentParser
public import EnrollmentCore
import Ledger

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Look at enrolled devices.",
        subcommands: [List.self, Show.self]
    )

    struct List: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "List devices, newest enrollment first.",
            discussion: """
                  gatehouse device list
                  gatehouse device list --user kim@corp.example
                  gatehouse device list --state active --limit 500 --json
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(help: "Only this user's: principal name or directory id.")
        var user: String?
        @Option(
            help: ArgumentHelp("Only in this state: \(DeviceState.allCases.map(\.rawValue).joined(separator: ", ")).")
        )
        var state: DeviceState?
        @OptionGroup var page: PageOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            let size = try self.page.size()
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
                json: Listing.json("gatehouse.device-list/1", "devices", page.elements.map(\.json), next: page.next)
            )
        }
    }

    struct Show: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one device: owner, certificate, conflicts, latest attempts.",
            discussion: """
                  gatehouse device show 6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1
                  gatehouse device show 6b1f0f0e
                  gatehouse device show DESKTOP-7F3A --json
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "Device id, its first 8 or more symbols, or a device name that only one device has.")
        var device: String

        private struct Found: Sendable {
            let matches: [DeviceRecord]
            let certificates: [CertificateRecord]
            let attempts: [Attempt]
        }

        func perform() async throws(CommandProblem) -> CommandOutput {
            let found = try await self.common.withLedger { (ledger, _) throws(EnrollmentError) in
                let matches: [DeviceRecord]
                if let id = DeviceID(self.device) {
                    matches = try await ledger.device(id).map { [$0] } ?? []
                } else {
                    matches = try await ledger.devices(matching: self.device, limit: 11)
                }
                guard let only = matches.first, matches.count == 1 else {
                    return Found(matches: matches, certificates: [], attempts: [])
                }
                return Found(
                    matches: matches,
                    certificates: try await ledger.certificates(CertificateQuery(device: only.device, limit: 10))
                        .elements,
                    attempts: try await ledger.attempts(AttemptQuery(device: only.device, limit: 10)).elements
                )
            }
            guard let record = found.matches.first else {
                throw .notFound("device", self.device, "gatehouse device list")
            }
            guard found.matches.count == 1 else {
                throw CommandProblem(
                    "GH-FIND-002",
                    "\(self.device) is not one device",
                    found.matches.map { ("\($0.device)", "\($0.name), \($0.userPrincipalName)") },
                    exit: .notFound
                )
            }
            return CommandOutput(
                text: DeviceReport.text(record, found.certificates, found.attempts),
                json: DeviceReport.json(record, found.certificates, found.attempts)
            )
        }
    }
}

extension DeviceState: ExpressibleByArgument {}

import ArgumentParser
import EnrollmentCore
import Ledger

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "See a user's devices and limit.",
        subcommands: [Show.self]
    )

    struct Show: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a user: limit, devices that count, refused attempts.",
            discussion: """
                  gatehouse user show kim@corp.example
                  gatehouse user show kim@corp.example --json
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "Principal name, or the directory's stable id.")
        var user: String

        private struct Found: Sendable {
            let user: UserRecord
            let limit: DeviceLimit
            let counted: [CountedDevice]
            let live: [DeviceRecord]
            let refused: [Attempt]
        }

        func perform() async throws(CommandProblem) -> CommandOutput {
            let found = try await self.common.withLedger { (ledger, configuration) throws(EnrollmentError) in
                try await self.find(in: ledger, configuration)
            }
            guard let found else {
                throw .notFound("user", self.user, "gatehouse attempt list --user \(self.user)")
            }
            return CommandOutput(text: self.text(found), json: self.json(found))
        }

        private func find(
            in ledger: any LedgerStore,
            _ configuration: Configuration
        ) async throws(EnrollmentError) -> Found? {
            guard let user = try await ledger.user(self.user) else { return nil }
            let standing = try await SlotStanding(of: user, in: ledger, configuration.deviceLimit)
            return Found(
                user: user,
                limit: standing.limit,
                counted: standing.counted,
                live: try await ledger.devices(DeviceQuery(userID: user.id, limit: 1_000)).elements
                    .filter(\.state.occupiesSlot),
                refused: try await ledger.attempts(AttemptQuery(outcome: .refused, userID: user.id, limit: 10)).elements
            )
        }

        private func text(_ found: Found) -> String {
            let user = found.user
            var lines = [
                "\(Table.printable(user.displayName ?? user.principalName))  \(Table.printable(user.principalName))"
                    + "  directory id \(user.id), last seen \(user.lastSeen)"
            ]
            lines.append("  limit         \(found.limit.maximum), from rule \(found.limit.rule)")
            if let personal = user.limitOverride {
                lines.append(
                    "                personal: \(personal.maximum) until \(personal.until), \(personal.reason)"
                )
            }
            lines.append("  counts        \(found.counted.count) devices")
            let others = found.live.count { device in !found.counted.contains { $0.device == device.device } }
            lines.append("  does not      \(others) (shared or stale)")
            lines.append("  groups        \(user.groups.map { Table.printable($0.text) }.joined(separator: "; "))")
            var table = Table("Device", "Name", "State", "Last proven contact", "Ends", "Counts")
            for device in found.live {
                table.append(
                    "\(device.device)",
                    device.name,
                    device.state.rawValue,
                    "\(device.lastProvenContact)",
                    device.certificateEnds.map { "\($0)" },
                    found.counted.contains { $0.device == device.device } ? "yes" : "no"
                )
            }
            if !found.live.isEmpty { lines.append("\n" + table.text.dropLast()) }
            if !found.refused.isEmpty {
                var table = Table("Refused", "Rule", "Trace")
                for attempt in found.refused {
                    table.append("\(attempt.started)", attempt.rule, "\(attempt.traceID)")
                }
                lines.append("\n" + table.text.dropLast())
            }
            return lines.joined(separator: "\n") + "\n"
        }

        private func json(_ found: Found) -> JSONValue {
            let counted = Set(found.counted.map(\.device))
            let devices = found.live.map { device in
                JSONValue.object([("counts", .boolean(counted.contains(device.device))), ("device", device.json)])
            }
            return .object([
                ("schema", .string("gatehouse.user/1")), ("id", .string(found.user.id)),
                ("principalName", .string(found.user.principalName)),
                ("displayName", .optional(found.user.displayName)),
                ("groups", .array(found.user.groups.map { .string($0.text) })),
                ("lastSeen", .time(found.user.lastSeen)), ("limit", .integer(Int64(found.limit.maximum))),
                ("limitRule", .string(found.limit.rule)), ("counted", .integer(Int64(found.counted.count))),
                ("devices", .array(devices)), ("refused", .array(found.refused.map(\.json))),
            ])
        }
    }
}

import ArgumentParser
import EnrollmentCore
import Ledger

extension CACommand {
    struct Adoption: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show how many devices are known to have an issuer's certificate, and which are not, and why.",
            discussion: """
                A device is known to have it when it was given to it and the device was seen afterwards with the
                certificate that came along.

                  gatehouse ca adoption R2
                  gatehouse ca adoption R2 --missing
                  gatehouse ca adoption R2 --missing --limit 1000 --json
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The root or issuer.")
        var issuer: String
        @Flag(help: "The devices that are not known to have it, those that renew latest first.")
        var missing = false
        @OptionGroup var page: PageOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            let size = try self.page.size()
            guard self.missing || self.page.after == nil else {
                throw .usage("--after belongs to --missing", see: "ca adoption")
            }
            return try await self.common.withReadableLedger { (ledger, configuration) throws(CommandProblem) in
                let profiles = try ProfileFolder.load(configuration)
                let now = SystemClock().now
                let standing = try await IssuerTarget.find(self.issuer, in: ledger, configuration, at: now)
                let screen = AdoptionScreen(
                    standing: standing.issuer,
                    rotation: standing.rotation,
                    window: FleetWindow(configuration, profiles, at: now),
                    config: self.common.config
                )
                return try await answer { () throws(EnrollmentError) in
                    guard self.missing else {
                        return screen.summary(try await AdoptionTally(of: self.issuer, in: ledger, at: now))
                    }
                    return screen.list(
                        try await ledger.devices(
                            lacking: self.issuer,
                            at: now,
                            after: self.page.after,
                            limit: size
                        )
                    )
                }
            }
        }
    }
}

/// An issuer as a command names it: by its whole id, in the case it has.
enum IssuerTarget {
    /// - Throws: ``CommandProblem`` with exit `notFound` that names those there are.
    static func find(
        _ id: String,
        in ledger: any LedgerStore,
        _ configuration: Configuration,
        at now: Timestamp
    ) async throws(CommandProblem) -> (issuer: IssuerStanding, rotation: KeyRotation) {
        let rotation = try await answer { () throws(EnrollmentError) in
            try await KeyRotation.read(from: ledger, configuration, at: now)
        }
        guard let standing = rotation.standing(of: id) else { throw self.unknown(id, in: rotation) }
        return (standing, rotation)
    }

    static func unknown(_ id: String, in rotation: KeyRotation) -> CommandProblem {
        .notFound(
            "issuer",
            Table.printable(id),
            "one of these: \(rotation.standings.map(\.id).joined(separator: ", "))"
        )
    }
}

/// Devices that lack an issuer's certificate, counted by the reason.
struct AdoptionTally: Sendable {
    /// Beyond that many nobody counts; the figures say so.
    static let countLimit = 100_000

    private(set) var counts: [AdoptionGap.Reason: Int] = [:]
    private(set) var isCut = false

    init(of issuerID: String, in ledger: any LedgerStore, at now: Timestamp) async throws(EnrollmentError) {
        var (after, total): (String?, Int) = (nil, 0)
        repeat {
            let page = try await ledger.devices(lacking: issuerID, at: now, after: after, limit: PageSize.largest)
            for gap in page.elements { self.counts[gap.reason, default: 0] += 1 }
            total += page.elements.count
            after = page.next
            self.isCut = after != nil && total >= Self.countLimit
        } while after != nil && !self.isCut
    }
}

import ArgumentParser
import EnrollmentCore
import Ledger

extension CACommand {
    struct Drain: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show which devices still hold a certificate of an issuer, and when each renews; hurry them.",
            discussion: """
                With --hurry, devices of a draining issuer may renew at once, whatever their certificates' schedule. It
                is only rehearsed unless --commit --plan ID is given. Devices ask by their own schedule all the same,
                unless their management server has them renew.

                  gatehouse ca drain 2026-A
                  gatehouse ca drain 2026-A --never --limit 1000
                  gatehouse ca drain 2026-A --hurry

                Exit codes: 0 shown, rehearsed or done, 3 no such issuer, 4 its state does not allow it.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The issuer, with its whole id.")
        var issuer: String
        @Flag(help: "Let its devices renew at once.")
        var hurry = false
        @Flag(help: "Only devices that will not renew by themselves.")
        var never = false
        @OptionGroup var page: PageOptions
        @OptionGroup var routine: RoutineOptions
        @OptionGroup var step: StepOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            let size = try self.page.size()
            guard self.hurry else {
                guard !self.step.commit, self.step.plan == nil, self.routine.isEmpty else {
                    throw .usage("--commit, --plan, --reason and --ticket belong to --hurry", see: "ca drain")
                }
                return try await self.show(size)
            }
            guard !self.never, self.page.after == nil else {
                throw .usage("--never and --after belong to the list, not to --hurry", see: "ca drain")
            }
            return try await StepRun(
                common: self.common,
                step: self.step,
                mandate: try self.routine.mandate(),
                verb: .drain,
                issuer: self.issuer,
                words: ["--hurry"] + self.routine.shellWords
            ).perform()
        }

        private func show(_ size: Int) async throws(CommandProblem) -> CommandOutput {
            try await self.common.withReadableLedger { (ledger, configuration) throws(CommandProblem) in
                let profiles = try ProfileFolder.load(configuration)
                let now = SystemClock().now
                let found = try await IssuerTarget.find(self.issuer, in: ledger, configuration, at: now)
                let window = FleetWindow(configuration, profiles, at: now)
                let screen = DrainScreen(standing: found.issuer, window: window, config: self.common.config)
                return try await answer { () throws(EnrollmentError) in
                    let tally = try await DrainTally(of: found.issuer.issuer, in: ledger, window)
                    let devices = try await self.devices(of: found.issuer.issuer, in: ledger, window, size)
                    return screen.output(tally, devices, onlyHopeless: self.never)
                }
            }
        }

        /// One page; of those that will not renew as many as there are to find, up to the same number.
        private func devices(
            of issuer: IssuerRecord,
            in ledger: any LedgerStore,
            _ window: FleetWindow,
            _ size: Int
        ) async throws(EnrollmentError) -> Page<DeviceRecord> {
            guard self.never else {
                return try await ledger.devices(
                    holding: issuer.id,
                    at: window.now,
                    after: self.page.after,
                    limit: size
                )
            }
            var found: [DeviceRecord] = []
            var (after, seen) = (self.page.after, 0)
            repeat {
                // A page is never larger than what is left to find, so that none is skipped.
                let page = try await ledger.devices(
                    holding: issuer.id,
                    at: window.now,
                    after: after,
                    limit: size - found.count
                )
                found += page.elements.filter {
                    window.outlook(of: $0, hurried: issuer.moments.hurried).isHopeless
                }
                seen += page.elements.count
                after = page.next
            } while after != nil && found.count < size && seen < DrainTally.countLimit
            return Page(elements: found, next: after)
        }
    }
}

/// Devices that hold a certificate of an issuer, counted by when they renew.
struct DrainTally: Sendable {
    /// Beyond that many nobody counts; the figures say so.
    static let countLimit = 100_000

    private(set) var open = 0
    private(set) var withinWeek = 0
    private(set) var withinMonth = 0
    private(set) var later = 0
    private(set) var hopeless = 0
    /// When the last window opens.
    private(set) var lastOpening: Timestamp?
    /// When the last certificate ends.
    private(set) var lastEnd: Timestamp?
    private(set) var isCut = false

    var total: Int { self.open + self.withinWeek + self.withinMonth + self.later + self.hopeless }

    init(
        of issuer: IssuerRecord,
        in ledger: any LedgerStore,
        _ window: FleetWindow
    ) async throws(EnrollmentError) {
        var after: String?
        repeat {
            let page = try await ledger.devices(
                holding: issuer.id,
                at: window.now,
                after: after,
                limit: PageSize.largest
            )
            for device in page.elements {
                self.count(device, window.outlook(of: device, hurried: issuer.moments.hurried), window.now)
            }
            after = page.next
            self.isCut = after != nil && self.total >= Self.countLimit
        } while after != nil && !self.isCut
    }

    private mutating func count(_ device: DeviceRecord, _ outlook: FleetWindow.Outlook, _ now: Timestamp) {
        self.lastEnd = [self.lastEnd, device.certificateEnds].compactMap(\.self).max()
        guard !outlook.isHopeless else {
            self.hopeless += 1
            return
        }
        guard case .renews(.opens(let moment)) = outlook else {
            self.open += 1
            return
        }
        self.lastOpening = max(self.lastOpening ?? moment, moment)
        switch moment.seconds(since: now) {
        case ...(7 * 86_400): self.withinWeek += 1
        case ...(30 * 86_400): self.withinMonth += 1
        default: self.later += 1
        }
    }
}

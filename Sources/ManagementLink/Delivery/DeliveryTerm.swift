internal import EnrollmentCore
internal import Logging
internal import ServiceRuntime

/// The time from taking a destination to giving it back, or losing it: one task decides, others send.
struct DeliveryTerm {
    private enum Course {
        case goingOn
        /// Nothing new is sent; what is under way is waited for.
        case draining(until: Duration)
        /// The destination is somebody else's by now, or may be: nothing may be recorded.
        case lost
    }

    /// What is taken off a lease: what this machine's clock may run slower than the ledger's.
    private static let margin = Duration.seconds(1)

    let service: DeliveryService
    let outcomes = Outcomes()
    var window: DeliveryWindow
    var breaker: Breaker
    var state: DestinationStanding.State
    var lastError: String?
    var lastDelivered: Timestamp?
    /// What was recorded of the standing.
    var recordedStanding: DeliveryReport.Change
    /// Requests at once: halved when the destination asks for a pause, and growing while events get through.
    var concurrency: Double
    /// Whether deliveries are tried now that have to wait for longer: the destination answers again.
    private var isSweeping = false
    /// Positions of those that were read for it.
    private var swept: Set<Int64> = []
    /// What came of probes of this round that may turn out to be to blame.
    var probeFailures: [Int64: (sentence: String, pause: Duration?)] = [:]

    private var course = Course.goingOn
    private var leaseEnd: Duration
    private var renewLease: Duration
    private var hasMore = true
    private var readFeed: Duration
    private var readDue: Duration
    private var recordNotBefore = Duration.zero
    private var complainNotBefore = Duration.zero
    private var isLedgerWell = true

    /// - Parameters:
    ///   - service: What is sent where, and by what means.
    ///   - standing: Where the destination stands.
    ///   - taken: When the lease was asked for, by the clock that nobody sets.
    init(_ service: DeliveryService, _ standing: DestinationStanding, from taken: Duration) {
        self.service = service
        self.window = DeliveryWindow(capacity: service.timing.window, cursor: standing.cursor)
        self.breaker = Breaker(service.breaker, after: standing, at: service.ports.clock.now)
        self.state = standing.state
        self.lastError = standing.lastError
        self.lastDelivered = standing.lastDelivered
        self.recordedStanding = DeliveryReport.Change(standing)
        self.concurrency = Double(service.destination.concurrency)
        self.leaseEnd = taken + service.timing.lease - Self.margin
        self.renewLease = taken + service.timing.lease / 3
        self.readFeed = taken
        self.readDue = taken
    }

    var now: Timestamp { self.service.ports.clock.now }
    var uptime: Duration { self.service.ports.pace.uptime }

    // MARK: The course of it

    mutating func run(until shutdown: ShutdownSignal, _ group: inout DiscardingTaskGroup) async {
        while true {
            self.absorb()
            await self.keepLease()
            self.turn(shutdown, &group)
            await self.recordIfDue()
            if case .lost = self.course { return }
            if case .draining = self.course, self.window.sending == 0 { break }
            if case .goingOn = self.course { await self.goOn(&group) }
            if case .lost = self.course { return }
            self.show()
            await self.service.ports.pace.wait(
                for: self.service.bell,
                atMost: self.pause,
                isBusy: self.window.sending > 0
            )
        }
        await self.end()
    }

    /// Decides whether to go on.
    private mutating func turn(_ shutdown: ShutdownSignal, _ group: inout DiscardingTaskGroup) {
        if case .lost = self.course { return }
        guard self.uptime < self.leaseEnd else {
            self.service.logger.warning("the destination was not kept: another replica may send to it by now")
            self.course = .lost
            return
        }
        switch self.course {
        case .goingOn where shutdown.isRaised || Task.isCancelled:
            self.course = .draining(until: self.uptime + self.service.timing.drain)
        case .draining(let end) where end <= self.uptime: group.cancelAll()
        default: break
        }
    }

    private mutating func goOn(_ group: inout DiscardingTaskGroup) async {
        if self.state == .stopped { return await self.askWhetherResumed() }
        self.breaker.look(at: self.now)
        await self.fill()
        if case .lost = self.course { return }
        self.dispatch(&group)
        // With fewer requests under way than there may be, all others in hand wait for those that are.
        if !self.hasRoomForPage, self.breaker.isClosed, self.window.sending < Int(self.concurrency) {
            self.window.overtake(
                sentBefore: self.uptime - self.service.timing.overtake,
                at: self.now,
                again: self.now.adding(self.service.timing.lease * 8)
            )
        }
    }

    private mutating func end() async {
        while self.hasNews, self.uptime < self.leaseEnd {
            guard await self.record() else { break }
        }
        if case .lost = self.course { return }
        do throws(EnrollmentError) {
            let name = self.service.destination.name
            try await self.service.ports.ledger.leaveDestination(name, holder: self.service.holder)
        } catch {
            self.service.logger.info("the destination was not given back; another replica takes it when its lease ends")
        }
    }

    /// How long there is nothing to do if nothing happens.
    private var pause: Duration {
        let timing = self.service.timing
        var moments = [self.renewLease, self.leaseEnd]
        if self.hasNews { moments.append(max(self.recordNotBefore, self.uptime)) }
        switch (self.course, self.state, self.breaker.phase) {
        case (.draining(let end), _, _): moments.append(end)
        case (_, .stopped, _): moments.append(self.readFeed)
        case (_, _, .open(let end)):
            let rest = end.microseconds - self.now.microseconds
            moments.append(self.uptime + .microseconds(max(1_000, rest)))
        default:
            // Nothing is read before what there is to record was.
            let earliest = self.hasNews ? self.recordNotBefore : .zero
            if self.mayRead, self.hasRoomForPage {
                moments.append(max(earliest, self.hasMore ? self.uptime : self.readFeed))
            }
            if self.mayRead, self.window.deliveryRoom > 0 { moments.append(max(earliest, self.readDue)) }
            if !self.hasRoomForPage { moments.append(self.uptime + timing.overtake / 2) }
        }
        let next = moments.min() ?? self.uptime
        return max(.milliseconds(1), next - self.uptime)
    }

    private func show() {
        let (sending, isPaused, oldest) = (self.window.sending, !self.breaker.isClosed, self.window.oldest?.recorded)
        let isStopped = self.state == .stopped
        self.service.figures.change { values in
            values.underWay = sending
            values.isPaused = isPaused || isStopped
            values.oldest = oldest
        }
    }

    // MARK: The lease

    private mutating func keepLease() async {
        guard self.uptime >= self.renewLease else { return }
        let begin = self.uptime
        let timing = self.service.timing
        do throws(EnrollmentError) {
            let isOurs = try await self.service.ports.ledger.takeDestination(
                self.service.destination.name,
                holder: self.service.holder,
                for: timing.lease.components.seconds
            )
            guard isOurs else { return self.lose() }
            self.leaseEnd = begin + timing.lease - Self.margin
            self.renewLease = begin + timing.lease / 3
        } catch {
            self.renewLease = begin + min(timing.lease / 15, timing.recordAgain)
            self.complain("the destination's lease was not renewed", error)
        }
    }

    mutating func lose() {
        self.course = .lost
        self.service.logger.notice("another replica sends to the destination now")
    }

    /// Says once that the ledger is not well.
    mutating func complain(_ sentence: String, _ error: EnrollmentError) {
        defer { self.isLedgerWell = false }
        guard self.isLedgerWell else { return }
        self.service.logger.warning(
            "\(sentence)",
            metadata: ["rule": "\(error.rule)", "detail": "\(error.detail)"]
        )
    }

    // MARK: Reading

    /// Reads what there is room for.
    private mutating func fill() async {
        guard self.mayRead else { return }
        guard await self.recordBeforeReading() else { return }
        do throws(EnrollmentError) {
            try await self.readDeliveries()
            try await self.readEvents()
            self.isLedgerWell = true
        } catch {
            self.hasMore = false
            self.readFeed = self.uptime + self.service.timing.recordAgain
            self.readDue = self.readFeed
            self.complain("events were not read", error)
        }
    }

    /// Also while a few events are tried: if those in hand all fail by themselves, others may get through.
    private var mayRead: Bool {
        if case .open = self.breaker.phase { false } else { true }
    }

    private var hasRoomForPage: Bool { self.window.room * 2 >= self.service.timing.window }

    private var isFeedDue: Bool { self.hasRoomForPage && (self.hasMore || self.uptime >= self.readFeed) }

    private var isDeliveryDue: Bool { self.window.deliveryRoom > 0 && self.uptime >= self.readDue }

    /// Has all deliveries tried that wait.
    mutating func sweep() {
        self.isSweeping = true
        self.swept = []
        self.readDue = self.uptime
    }

    /// What the ledger says of waiting deliveries has to be what this sender knows of them.
    private mutating func recordBeforeReading() async -> Bool {
        if self.service.takeNewEvents() { self.hasMore = true }
        guard self.isFeedDue || self.isDeliveryDue else { return false }
        guard self.hasNews else { return true }
        return self.uptime >= self.recordNotBefore ? await self.record() : false
    }

    private mutating func readDeliveries() async throws(EnrollmentError) {
        guard self.isDeliveryDue else { return }
        let ledger = self.service.ports.ledger
        self.readDue = self.uptime + self.service.timing.readDue
        // Once all that wait, when the destination answers again, page by page: those in hand would be read once more.
        // Otherwise those whose time has come.
        let isSweeping = self.isSweeping && self.window.deliveries == 0
        let moment = isSweeping ? self.now.adding(self.service.destination.retries.longest * 2) : self.now
        let name = self.service.destination.name
        let limit = min(self.window.deliveryRoom, self.service.timing.page)
        let page = try await ledger.deliveries(to: name, dueBy: moment, limit: limit)
        // What has failed again since the sweep began waits for its own time.
        let due = isSweeping ? page.filter { !self.swept.contains($0.position) || $0.nextTry <= self.now } : page
        let events = due.isEmpty ? [] : try await ledger.events(at: due.map(\.position))
        self.window.retry(due, events: events, isWanted: self.service.destination.wants)
        guard isSweeping else { return }
        let before = self.swept.count
        self.swept.formUnion(due.map(\.position))
        // It ends where nothing is new, so that what always fails does not keep it going; the rest keeps its schedule then.
        if page.count < limit || self.swept.count == before {
            self.isSweeping = false
            self.swept = []
        }
    }

    private mutating func readEvents() async throws(EnrollmentError) {
        guard self.isFeedDue else { return }
        let (ledger, destination) = (self.service.ports.ledger, self.service.destination)
        let limit = min(self.window.room, self.service.timing.page)
        let page = try await ledger.events(after: self.window.readUpTo, kinds: [], limit: limit)
        self.hasMore = page.count == limit
        self.readFeed = self.uptime + self.service.timing.readFeed
        let devices = Set(page.filter(destination.wants).compactMap(\.event.device))
        let blocked = devices.isEmpty ? [] : try await ledger.blocked(Array(devices), at: destination.name)
        self.window.read(page, blocked: blocked, at: self.now, isWanted: destination.wants)
    }

    private mutating func askWhetherResumed() async {
        guard self.window.sending == 0, !self.hasNews, self.uptime >= self.readFeed else { return }
        self.readFeed = self.uptime + self.service.timing.takeAgain
        do throws(EnrollmentError) {
            let standing = try await self.service.ports.ledger.destination(self.service.destination.name)
            guard standing.state == .active else { return }
            self.state = .active
            self.recordedStanding = DeliveryReport.Change(standing)
            self.breaker = Breaker(self.service.breaker, after: standing, at: self.now)
            self.service.logger.notice("the destination is sent to again")
        } catch {
            self.complain("the destination's standing was not read", error)
        }
    }

    // MARK: Recording

    var standing: DeliveryReport.Change {
        DeliveryReport.Change(
            state: self.state,
            failingSince: self.breaker.failingSince,
            pausedUntil: self.breaker.pausedUntil,
            lastError: self.lastError,
            lastDelivered: self.lastDelivered
        )
    }

    private var hasNews: Bool {
        guard self.window.newsCount == 0 else { return true }
        var recorded = self.recordedStanding
        // When something was delivered is told along with what was.
        recorded.lastDelivered = self.lastDelivered
        return recorded != self.standing
    }

    private mutating func recordIfDue() async {
        if case .lost = self.course { return }
        guard self.hasNews, self.uptime >= self.recordNotBefore else { return }
        _ = await self.record()
    }

    /// Records what came of events.
    ///
    /// - Returns: Whether there is nothing more to record.
    private mutating func record() async -> Bool {
        let (news, standing, timing) = (self.window.news, self.standing, self.service.timing)
        var change = standing
        // Said once: what is still under way must not stop again what somebody has resumed since.
        if change.state == self.recordedStanding.state { change.state = nil }
        let report = DeliveryReport(
            destination: self.service.destination.name,
            holder: self.service.holder,
            cursor: news.cursor,
            open: news.open,
            settled: news.settled,
            handedOff: news.handedOff,
            standing: change,
            now: self.now
        )
        do throws(EnrollmentError) {
            guard try await self.service.ports.ledger.record(report) else {
                self.lose()
                return false
            }
            self.window.recorded()
            self.recordedStanding = standing
            self.recordNotBefore = self.uptime + timing.record
            // Behind a delivery that is done with, the device's next one may be due.
            if !news.settled.isEmpty { self.readDue = self.uptime }
            self.isLedgerWell = true
            return true
        } catch {
            self.recordNotBefore = self.uptime + timing.recordAgain
            self.complain("what was sent was not recorded, and is sent again if this process ends now", error)
            return false
        }
    }

    // MARK: Sending

    private mutating func dispatch(_ group: inout DiscardingTaskGroup) {
        let limit = Int(self.concurrency)
        var probes: Set<Int64> = []
        for _ in 0..<self.breaker.allowance(limit, sending: self.window.sending) {
            guard let event = self.window.next(at: self.uptime) else { break }
            probes.insert(event.position)
            self.launch(event, &group)
        }
        if !probes.isEmpty { self.breaker.probe(probes) }
    }

    private func launch(_ event: FeedEvent, _ group: inout DiscardingTaskGroup) {
        let (service, outcomes) = (self.service, self.outcomes)
        group.addTask {
            let judgement = await service.attempt(event)
            outcomes.put(Outcomes.Outcome(position: event.position, judgement: judgement))
            service.bell.ring()
        }
    }

    /// Whether an event that failed is told of now.
    mutating func mayComplain() -> Bool {
        guard self.uptime >= self.complainNotBefore else { return false }
        self.complainNotBefore = self.uptime + self.service.timing.complaint
        return true
    }
}

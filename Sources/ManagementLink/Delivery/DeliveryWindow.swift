internal import EnrollmentCore

/// The events of one destination that its sender has in hand, and what is to be recorded of those it has not any more.
///
/// Pure. It keeps each device's events in order: one of a device is under way at a time, and behind one that failed the
/// device's later ones become deliveries that wait. The cursor goes up to the first event that is neither acknowledged, nor
/// unwanted, nor a delivery of its own.
struct DeliveryWindow {
    /// What is sent one after the other.
    enum Lane: Hashable {
        case device(DeviceID)
        /// An event about no device, or one that is sent again: no order binds it.
        case single(Int64)
    }

    struct Item {
        let event: FeedEvent
        let lane: Lane
        /// `nil` for an event on its first way, of which only the cursor knows.
        var delivery: Delivery?
        /// Since when it is under way, by the clock that nobody sets.
        var sentAt: Duration?
        /// How often the destination asked for a pause instead of taking it, while others got through.
        var slowed = 0
    }

    let capacity: Int
    /// To be recorded, see ``report``.
    private(set) var cursor: Int64
    /// Events up to here were read.
    private(set) var readUpTo: Int64
    /// Events that the cursor passed since the last record.
    private var passed = 0
    private var items: [Int64: Item] = [:]
    private var lanes: [Lane: [Int64]] = [:]
    /// Lanes whose first event may be sent.
    private var ready = Line<Lane>()
    /// Positions from the feed that the cursor has not passed, in order.
    private var line = Line<Int64>()
    /// Those of them that the cursor may pass.
    private var passable: Set<Int64> = []
    private var open: [Int64: Delivery] = [:]
    private var settled: Set<Int64> = []
    private var handedOff: [(device: DeviceID, serialNumber: SerialNumber)] = []
    private(set) var sending = 0
    /// Of the events in hand, those with a delivery.
    private(set) var deliveries = 0

    init(capacity: Int, cursor: Int64) {
        self.capacity = capacity
        self.cursor = cursor
        self.readUpTo = cursor
    }

    // MARK: What comes in

    /// For how many more events there is room.
    var room: Int { max(0, self.capacity - max(self.items.count, self.line.count)) }

    /// For how many deliveries there is room: they take up half of it at most, or the feed would wait for all that fail.
    var deliveryRoom: Int { min(self.room, max(0, (self.capacity + 1) / 2 - self.deliveries)) }

    var isEmpty: Bool { self.items.isEmpty }

    /// The earliest event that is not acknowledged and has no delivery of its own.
    var oldest: FeedEvent? { self.line.first.flatMap { self.items[$0]?.event } }

    /// Takes a page of the feed.
    ///
    /// - Parameters:
    ///   - page: The events behind ``readUpTo``.
    ///   - blocked: Devices of which a delivery waits: their events wait behind it.
    ///   - now: When events that wait would have been sent.
    ///   - isWanted: Whether an event is sent at all.
    mutating func read(
        _ page: [FeedEvent],
        blocked: Set<DeviceID>,
        at now: Timestamp,
        isWanted: (FeedEvent) -> Bool
    ) {
        for event in page {
            self.readUpTo = event.position
            self.line.append(event.position)
            // One that is in hand already is so as a delivery.
            if !isWanted(event) || self.items[event.position] != nil {
                self.passable.insert(event.position)
            } else if let device = event.event.device, blocked.contains(device) {
                self.wait(event, at: now)
            } else {
                let lane = event.event.device.map(Lane.device) ?? .single(event.position)
                self.enqueue(Item(event: event, lane: lane))
            }
        }
        self.pass()
    }

    /// Takes deliveries whose time has come, but for those that it has in hand.
    ///
    /// What the feed keeps no longer is done with, and so is what the destination does not want: a replay may have asked
    /// for more than that, and what it wants may have changed since.
    mutating func retry(_ deliveries: [Delivery], events: [FeedEvent], isWanted: (FeedEvent) -> Bool) {
        let events = Dictionary(events.map { ($0.position, $0) }) { first, _ in first }
        for delivery in deliveries where self.items[delivery.position] == nil {
            guard let event = events[delivery.position], isWanted(event) else {
                self.settled.insert(delivery.position)
                continue
            }
            let device = delivery.isReplay ? nil : delivery.device
            let lane = device.map(Lane.device) ?? .single(delivery.position)
            self.enqueue(Item(event: event, lane: lane, delivery: delivery))
        }
    }

    private mutating func enqueue(_ item: Item) {
        let position = item.event.position
        self.items[position] = item
        if item.delivery != nil { self.deliveries += 1 }
        guard var lane = self.lanes[item.lane], !lane.isEmpty else {
            self.lanes[item.lane] = [position]
            self.ready.append(item.lane)
            return
        }
        // A delivery comes before what the feed brought since, but never before what is under way.
        let place = lane.dropFirst().firstIndex { $0 > position } ?? lane.endIndex
        lane.insert(position, at: place)
        self.lanes[item.lane] = lane
    }

    // MARK: What goes out

    /// The next event to send, of the device that was not sent to for the longest time; counts as under way from now on.
    mutating func next(at uptime: Duration) -> FeedEvent? {
        while let lane = self.ready.popFirst() {
            // A lane is in line twice where its event was blamed after it had been put back.
            guard let position = self.lanes[lane]?.first, let item = self.items[position], item.sentAt == nil else {
                continue
            }
            self.items[position]?.sentAt = uptime
            self.sending += 1
            return item.event
        }
        return nil
    }

    /// The destination has the event.
    mutating func accepted(_ position: Int64) {
        guard let item = self.remove(position) else { return }
        if item.delivery == nil {
            self.passable.insert(position)
        } else {
            self.open[position] = nil
            self.settled.insert(position)
        }
        let event = item.event.event
        if event.kind == .enrolled || event.kind == .renewed, let device = event.device,
            let serialNumber = event.serialNumber
        {
            self.handedOff.append((device, serialNumber))
        }
        self.advance(item.lane)
        self.pass()
    }

    /// The event did not get through, and nobody says that it is to blame: it is as good as unsent.
    mutating func unsent(_ position: Int64) {
        guard let item = self.items[position], item.sentAt != nil else { return }
        self.items[position]?.sentAt = nil
        self.sending -= 1
        self.ready.append(item.lane)
    }

    /// As ``unsent(_:)``, because the destination asked for a pause.
    ///
    /// - Returns: How often it asked for one at this event.
    mutating func slowed(_ position: Int64) -> Int {
        self.items[position]?.slowed += 1
        return self.items[position]?.slowed ?? 0
    }

    /// The event failed; it becomes a delivery that waits, or that is given up.
    ///
    /// It is under way, or was and has been put back by ``unsent(_:)``.
    ///
    /// - Parameters:
    ///   - position: Which.
    ///   - error: A sentence for the operator.
    ///   - now: When it failed.
    ///   - schedule: When it is tried again.
    ///   - notBefore: When the destination wants it tried again, at the earliest.
    ///   - spread: A random number from 0 to 1.
    /// - Returns: What it has become.
    mutating func failed(
        _ position: Int64,
        _ error: String,
        at now: Timestamp,
        schedule: RetrySchedule,
        notBefore: Duration?,
        spread: Double
    ) -> Delivery? {
        guard let item = self.remove(position) else { return nil }
        var delivery = item.delivery ?? Self.delivery(of: item.event, at: now)
        delivery.attempts += 1
        delivery.lastError = error
        let isOver = schedule.isOver(attempts: delivery.attempts, since: delivery.since, at: now)
        delivery.state = isOver ? .dead : .waiting
        let pause = schedule.delay(afterAttempts: delivery.attempts, spread: spread)
        delivery.nextTry = now.adding(max(pause, notBefore ?? .zero))
        self.open[position] = delivery
        if item.delivery == nil { self.passable.insert(position) }
        if isOver || delivery.isReplay {
            self.advance(item.lane)
        } else {
            self.park(item.lane, at: now)
        }
        self.pass()
        return delivery
    }

    /// Makes deliveries of events that are under way for long, so that the cursor can go on without them.
    ///
    /// - Parameters:
    ///   - moment: Those sent before this, by the clock that nobody sets.
    ///   - now: When they are taken to have been tried first.
    ///   - again: When somebody else should try them, if nothing more is heard of us.
    mutating func overtake(sentBefore moment: Duration, at now: Timestamp, again: Timestamp) {
        let slow = self.line.all.filter { position in
            guard let item = self.items[position], let sentAt = item.sentAt else { return false }
            return item.delivery == nil && sentAt < moment
        }
        for position in slow {
            guard let item = self.items[position] else { continue }
            var delivery = Self.delivery(of: item.event, at: now)
            delivery.nextTry = again
            self.items[position]?.delivery = delivery
            self.deliveries += 1
            self.open[position] = delivery
            self.passable.insert(position)
            if case .device = item.lane { self.park(item.lane, behind: position, at: now) }
        }
        self.pass()
    }

    private mutating func remove(_ position: Int64) -> Item? {
        guard let item = self.items[position], self.lanes[item.lane]?.first == position else { return nil }
        self.items[position] = nil
        if item.sentAt != nil { self.sending -= 1 }
        if item.delivery != nil { self.deliveries -= 1 }
        self.lanes[item.lane]?.removeFirst()
        return item
    }

    private mutating func advance(_ lane: Lane) {
        if self.lanes[lane]?.isEmpty ?? true {
            self.lanes[lane] = nil
        } else {
            self.ready.append(lane)
        }
    }

    /// Lets what is left of a lane wait in the ledger, in its order, behind what failed.
    private mutating func park(_ lane: Lane, behind first: Int64? = nil, at now: Timestamp) {
        for position in self.lanes[lane] ?? [] where position != first {
            guard let item = self.items.removeValue(forKey: position) else { continue }
            if item.delivery == nil { self.wait(item.event, at: now) } else { self.deliveries -= 1 }
        }
        self.lanes[lane] = first.map { [$0] }
    }

    private mutating func wait(_ event: FeedEvent, at now: Timestamp) {
        self.open[event.position] = Self.delivery(of: event, at: now)
        self.passable.insert(event.position)
    }

    private static func delivery(of event: FeedEvent, at now: Timestamp) -> Delivery {
        Delivery(
            position: event.position,
            device: event.event.device,
            state: .waiting,
            attempts: 0,
            since: now,
            nextTry: now,
            lastError: nil
        )
    }

    private mutating func pass() {
        while let first = self.line.first, self.passable.remove(first) != nil {
            _ = self.line.popFirst()
            self.cursor = first
            self.passed += 1
        }
    }

    // MARK: What is to be recorded

    /// What came of events since the last record.
    struct News {
        let cursor: Int64
        let open: [Delivery]
        let settled: [Int64]
        let handedOff: [(device: DeviceID, serialNumber: SerialNumber)]
    }

    /// Of how many events there is news; 0 when there is nothing to record.
    var newsCount: Int { max(self.passed, self.open.count + self.settled.count, self.handedOff.count) }

    var news: News {
        News(
            cursor: self.cursor,
            open: self.open.values.sorted { $0.position < $1.position },
            settled: self.settled.sorted(),
            handedOff: self.handedOff
        )
    }

    /// Everything in ``news`` is in the ledger.
    mutating func recorded() {
        self.passed = 0
        self.open = [:]
        self.settled = []
        self.handedOff = []
    }
}

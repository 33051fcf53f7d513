import EnrollmentCore
import Testing

@testable import ManagementLink

@Suite("Events that a sender has in hand")
struct DeliveryWindowTests {
    private static let now = Timestamp(seconds: 1_790_000_000)
    private static let schedule = RetrySchedule()

    private static func window(_ events: [FeedEvent], blocked: Set<DeviceID> = [], capacity: Int = 100)
        -> DeliveryWindow
    {
        var window = DeliveryWindow(capacity: capacity, cursor: 0)
        window.read(events, blocked: blocked, at: Self.now) { _ in true }
        return window
    }

    private static func all(_ window: inout DeliveryWindow) -> [Int64] {
        var positions: [Int64] = []
        while let event = window.next(at: .zero) { positions.append(event.position) }
        return positions
    }

    @Test("of each device one event is sent at a time, in order; devices go beside each other")
    func lanes() {
        var window = Self.window([
            Feed.placed(1, device: 1), Feed.placed(2, device: 1), Feed.placed(3, device: 2),
            Feed.placed(4, device: nil),
            Feed.placed(5, device: nil), Feed.placed(6, device: 1),
        ])
        #expect(Self.all(&window) == [1, 3, 4, 5])
        window.accepted(3)
        #expect(Self.all(&window) == [])
        window.accepted(1)
        #expect(Self.all(&window) == [2])
        window.accepted(2)
        #expect(Self.all(&window) == [6])
    }

    @Test("the cursor goes up to the first event that is not acknowledged, whatever the order of the answers")
    func cursor() {
        var window = Self.window((1...4).map { Feed.placed(Int64($0), device: $0) })
        #expect(Self.all(&window) == [1, 2, 3, 4])
        window.accepted(3)
        window.accepted(2)
        #expect(window.cursor == 0)
        window.accepted(1)
        #expect(window.cursor == 3)
        window.accepted(4)
        #expect(window.cursor == 4 && window.isEmpty)
        #expect(window.newsCount == 4)
        window.recorded()
        #expect(window.newsCount == 0)
    }

    @Test("what is not wanted is passed without being sent")
    func unwanted() {
        var window = DeliveryWindow(capacity: 10, cursor: 0)
        window.read((1...3).map { Feed.placed(Int64($0), device: $0) }, blocked: [], at: Self.now) { $0.position == 2 }
        #expect(window.cursor == 1)
        #expect(Self.all(&window) == [2])
        window.accepted(2)
        #expect(window.cursor == 3)
    }

    @Test("an event that fails waits in the ledger with its device's later ones, and the cursor goes on")
    func failure() {
        var window = Self.window([
            Feed.placed(1, device: 1), Feed.placed(2, device: 1), Feed.placed(3, device: 2), Feed.placed(4, device: 1),
        ])
        #expect(Self.all(&window) == [1, 3])
        let delivery = window.failed(
            1,
            "no",
            at: Self.now,
            schedule: Self.schedule,
            notBefore: .seconds(60),
            spread: 0.5
        )
        #expect(delivery?.attempts == 1 && delivery?.nextTry == Self.now.adding(seconds: 60))
        #expect(window.cursor == 2)
        let open = window.news.open
        #expect(open.map(\.position) == [1, 2, 4])
        #expect(open.map(\.attempts) == [1, 0, 0])
        #expect(open.dropFirst().allSatisfy { $0.nextTry == Self.now && $0.state == .waiting })
        window.accepted(3)
        #expect(window.cursor == 4)
        #expect(Self.all(&window) == [])
    }

    @Test("an event whose device has a delivery that waits, waits behind it")
    func blocked() {
        var window = Self.window([Feed.placed(1, device: 1), Feed.placed(2, device: 2)], blocked: [Feed.device(1)])
        #expect(Self.all(&window) == [2])
        #expect(window.cursor == 1)
        #expect(window.news.open.map(\.position) == [1])
    }

    @Test("a delivery that gets through is settled, one that fails stays with one try more")
    func retry() {
        var window = DeliveryWindow(capacity: 10, cursor: 9)
        let deliveries = (1...3).map { number in
            Delivery(
                position: Int64(number),
                device: Feed.device(number),
                state: .waiting,
                attempts: 2,
                since: Self.now,
                nextTry: Self.now,
                lastError: "no"
            )
        }
        // The third one's event is kept no longer.
        window.retry(deliveries, events: [Feed.placed(1, device: 1), Feed.placed(2, device: 2)]) { _ in true }
        #expect(window.news.settled == [3])
        #expect(Self.all(&window) == [1, 2])
        window.accepted(1)
        _ = window.failed(2, "again", at: Self.now, schedule: Self.schedule, notBefore: nil, spread: 0.5)
        #expect(window.news.settled == [1, 3])
        #expect(window.news.open.map(\.attempts) == [3])
        #expect(window.cursor == 9)
        // The ledger still shows what was not recorded; what is in hand is not taken twice.
        window.recorded()
        window.retry([deliveries[1]], events: [Feed.placed(2, device: 2)]) { _ in true }
        window.retry([deliveries[1]], events: [Feed.placed(2, device: 2)]) { _ in true }
        #expect(Self.all(&window) == [2])
    }

    @Test("an event is given up after its time, and its device's later ones go on")
    func givenUp() {
        var window = DeliveryWindow(capacity: 10, cursor: 0)
        window.read([Feed.placed(5, device: 1), Feed.placed(6, device: 1)], blocked: [], at: Self.now) { _ in true }
        #expect(Self.all(&window) == [5])
        let later = Self.now.adding(seconds: 73 * 3_600)
        var impatient = Self.schedule
        impatient.giveUpAfter = .zero
        impatient.fewestTries = 1
        let delivery = window.failed(5, "no", at: later, schedule: impatient, notBefore: nil, spread: 0.5)
        #expect(delivery?.state == .dead)
        #expect(Self.all(&window) == [6])
        window.accepted(6)
        #expect(window.cursor == 6)
        #expect(window.news.open.map(\.position) == [5])
    }

    @Test("a replay goes beside its device's other events, and holds none of them up when it fails")
    func replay() {
        var window = Self.window([Feed.placed(8, device: 1), Feed.placed(9, device: 1)])
        let replay = Delivery(
            position: 3,
            device: Feed.device(1),
            state: .waiting,
            attempts: 0,
            since: Self.now,
            nextTry: Self.now,
            lastError: nil,
            isReplay: true
        )
        window.retry([replay], events: [Feed.placed(3, device: 1)]) { _ in true }
        #expect(Self.all(&window) == [8, 3])
        _ = window.failed(3, "no", at: Self.now, schedule: Self.schedule, notBefore: nil, spread: 0.5)
        window.accepted(8)
        #expect(Self.all(&window) == [9])
    }

    private static func replayed(_ position: Int64, device: Int?) -> Delivery {
        Delivery(
            position: position,
            device: device.map(Feed.device),
            state: .waiting,
            attempts: 0,
            since: Self.now,
            nextTry: Self.now,
            lastError: nil,
            isReplay: true
        )
    }

    @Test("a replay of what the destination does not want is settled and not sent")
    func unwantedReplay() {
        var window = DeliveryWindow(capacity: 10, cursor: 9)
        let replays = [Self.replayed(3, device: 1), Self.replayed(4, device: 2)]
        window.retry(replays, events: [Feed.placed(3, device: 1), Feed.placed(4, device: 2)]) { $0.position == 4 }
        #expect(window.news.settled == [3])
        #expect(Self.all(&window) == [4])
    }

    @Test("an event that is in hand as a delivery is not taken from the feed a second time", arguments: [Int?.none, 1])
    func readTwice(device: Int?) {
        var window = DeliveryWindow(capacity: 10, cursor: 4)
        window.retry([Self.replayed(5, device: device)], events: [Feed.placed(5, device: device)]) { _ in true }
        #expect(Self.all(&window) == [5])
        window.read([Feed.placed(5, device: device)], blocked: [], at: Self.now) { _ in true }
        #expect(Self.all(&window) == [])
        #expect(window.cursor == 5)
        window.accepted(5)
        #expect(window.sending == 0 && window.isEmpty && window.deliveries == 0)
        #expect(window.news.settled == [5])
    }

    @Test("deliveries take up half of the room at most")
    func deliveryRoom() {
        var window = DeliveryWindow(capacity: 10, cursor: 9)
        #expect(window.deliveryRoom == 5)
        let replays = (1...4).map { Self.replayed(Int64($0), device: $0) }
        window.retry(replays, events: (1...4).map { Feed.placed(Int64($0), device: $0) }) { _ in true }
        #expect(window.deliveryRoom == 1 && window.room == 6)
        #expect(window.next(at: .zero)?.position == 1)
        window.accepted(1)
        #expect(window.deliveryRoom == 2)
    }

    @Test("an event that turns out to be to blame after it was put back is not sent twice at a time")
    func blamedLate() {
        var window = Self.window([Feed.placed(1, device: 1), Feed.placed(2, device: 1), Feed.placed(3, device: 2)])
        #expect(Self.all(&window) == [1, 3])
        window.unsent(1)
        let delivery = window.failed(1, "no", at: Self.now, schedule: Self.schedule, notBefore: nil, spread: 0.5)
        #expect(window.sending == 1 && window.cursor == 2)
        #expect(window.news.open.map(\.position) == [1, 2])
        window.retry([delivery].compactMap { $0 }, events: [Feed.placed(1, device: 1)]) { _ in true }
        #expect(Self.all(&window) == [1])
        #expect(window.sending == 2)
    }

    @Test("what was not to blame is sent again, after others had their turn")
    func unsent() {
        var window = Self.window((1...3).map { Feed.placed(Int64($0), device: $0) })
        #expect(window.next(at: .zero)?.position == 1)
        window.unsent(1)
        #expect(Self.all(&window) == [2, 3, 1])
        #expect(window.newsCount == 0)
        #expect(window.sending == 3)
    }

    @Test("an event that is under way for long becomes a delivery, and the cursor goes on without it")
    func overtake() {
        var window = Self.window(
            [
                Feed.placed(1, device: 1), Feed.placed(2, device: 1), Feed.placed(3, device: 2),
                Feed.placed(4, device: 3),
            ],
            capacity: 4
        )
        #expect(window.room == 0)
        #expect(window.next(at: .seconds(1))?.position == 1)
        #expect(window.next(at: .seconds(3))?.position == 3)
        let again = Self.now.adding(seconds: 100)
        window.overtake(sentBefore: .seconds(2), at: Self.now, again: again)
        #expect(window.cursor == 2)
        #expect(window.room == 1)
        #expect(window.news.open.map(\.position) == [1, 2])
        #expect(window.news.open.first?.nextTry == again)
        window.recorded()
        // Behind it, what the ledger gave back in the meantime waits until it is answered.
        let second = Delivery(
            position: 2,
            device: Feed.device(1),
            state: .waiting,
            attempts: 0,
            since: Self.now,
            nextTry: Self.now,
            lastError: nil
        )
        window.retry([second], events: [Feed.placed(2, device: 1)]) { _ in true }
        #expect(Self.all(&window) == [4])
        window.accepted(1)
        #expect(window.news.settled == [1])
        #expect(Self.all(&window) == [2])
    }

    @Test("acknowledged enrollments and renewals are told of with their certificates, and nothing else")
    func handedOff() {
        let serials = (1...3).map(Feed.serial)
        var window = Self.window([
            Feed.placed(1, device: 1, kind: .enrolled, serialNumber: serials[0]),
            Feed.placed(2, device: 2, kind: .renewed, serialNumber: serials[1]),
            Feed.placed(3, device: 3, kind: .superseded, serialNumber: serials[2]),
        ])
        for position in Self.all(&window) { window.accepted(position) }
        #expect(window.news.handedOff.map(\.device) == [Feed.device(1), Feed.device(2)])
        #expect(window.news.handedOff.map(\.serialNumber) == Array(serials.prefix(2)))
    }
}

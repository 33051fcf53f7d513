import EnrollmentCore
import ManagementLink
import Testing

@Suite("When a destination is paused")
struct BreakerTests {
    private static let start = Timestamp(seconds: 1_790_000_000)

    private static func standing(failing: Timestamp? = nil, paused: Timestamp? = nil) -> DestinationStanding {
        DestinationStanding(
            name: "mdm",
            state: .active,
            cursor: 0,
            failingSince: failing,
            pausedUntil: paused,
            lastError: nil,
            lastDelivered: nil
        )
    }

    private static func breaker() -> Breaker { Breaker(after: Self.standing(), at: Self.start) }

    @Test("five different events that fail in a row pause it; each of them is to blame until then")
    func opens() {
        var breaker = Self.breaker()
        for position in 1...5 {
            #expect(breaker.isClosed)
            let toBlame = breaker.failed(Int64(position), at: Self.start, spread: 0.5)
            #expect(toBlame == [Int64(position)])
        }
        #expect(breaker.phase == .open(until: Self.start.adding(seconds: 1)))
        #expect(breaker.allowance(16, sending: 0) == 0)
        #expect(breaker.failingSince == Self.start)
        // What was under way with them says nothing more.
        let toBlame = breaker.failed(6, at: Self.start, spread: 0.5)
        #expect(toBlame.isEmpty)
    }

    @Test("one event that fails again and again pauses nothing, nor do several between which others get through")
    func staysClosed() {
        var breaker = Self.breaker()
        for _ in 0..<50 { _ = breaker.failed(7, at: Self.start, spread: 0.5) }
        #expect(breaker.isClosed)
        for position in 0..<50 {
            _ = breaker.failed(Int64(position), at: Self.start, spread: 0.5)
            if position % 4 == 3 { _ = breaker.succeeded() }
        }
        #expect(breaker.isClosed)
    }

    @Test("after a pause a few events are tried, and only when all of them fail the next pause is longer")
    func probes() {
        var breaker = Self.breaker()
        for position in 1...5 { _ = breaker.failed(Int64(position), at: Self.start, spread: 0.5) }
        breaker.look(at: Self.start)
        #expect(!breaker.isClosed && breaker.allowance(16, sending: 0) == 0)
        let later = Self.start.adding(seconds: 1)
        breaker.look(at: later)
        #expect(breaker.allowance(16, sending: 0) == 3)
        breaker.probe([10, 11, 12])
        #expect(breaker.allowance(16, sending: 3) == 0)
        for position: Int64 in [10, 5, 11] {
            let toBlame = breaker.failed(position, at: later, spread: 0.5)
            #expect(toBlame.isEmpty)
            #expect(breaker.allowance(16, sending: 1) == 0)
        }
        _ = breaker.failed(12, at: later, spread: 0.5)
        #expect(breaker.phase == .open(until: later.adding(seconds: 2)))
        breaker.look(at: later.adding(seconds: 2))
        breaker.probe([13, 14])
        _ = breaker.failed(13, at: later, spread: 0.5)
        let ended = breaker.succeeded()
        #expect(ended && breaker.isClosed)
        #expect(breaker.failingSince == nil && breaker.pausedUntil == nil)
        #expect(breaker.allowance(16, sending: 4) == 12)
    }

    /// One whose pause has just ended.
    private static func probing(_ positions: Set<Int64>) -> Breaker {
        var breaker = Self.breaker()
        for position in 1...5 { _ = breaker.failed(Int64(position), at: Self.start, spread: 0.5) }
        breaker.look(at: Self.start.adding(seconds: 1))
        breaker.probe(positions)
        return breaker
    }

    @Test("probes that were answered, all of them, are to blame; one that was not says that it is the destination")
    func answeredProbes() {
        let later = Self.start.adding(seconds: 1)
        var breaker = Self.probing([10, 11, 12])
        for position: Int64 in [10, 12] {
            let toBlame = breaker.failed(position, isAnswered: true, at: later, spread: 0.5)
            #expect(toBlame.isEmpty)
        }
        let all = breaker.failed(11, isAnswered: true, at: later, spread: 0.5)
        #expect(all == [10, 11, 12])
        #expect(breaker.phase == .open(until: later.adding(seconds: 2)))
        breaker.look(at: later.adding(seconds: 2))
        breaker.probe([20, 21])
        _ = breaker.failed(20, isAnswered: false, at: later, spread: 0.5)
        let none = breaker.failed(21, isAnswered: true, at: later, spread: 0.5)
        #expect(none.isEmpty)
    }

    @Test("events that are refused by themselves pause nothing, and as probes make room for others")
    func refused() {
        var closed = Self.breaker()
        for position in 1...50 { _ = closed.refused(Int64(position), at: Self.start, spread: 0.5) }
        #expect(closed.isClosed && closed.failingSince == Self.start)
        let later = Self.start.adding(seconds: 1)
        var breaker = Self.probing([10, 11])
        for position: Int64 in [10, 11] {
            let others = breaker.refused(position, at: later, spread: 0.5)
            #expect(others.isEmpty)
        }
        #expect(breaker.allowance(16, sending: 0) == 3)
        breaker.probe([12, 13])
        _ = breaker.failed(12, isAnswered: true, at: later, spread: 0.5)
        let others = breaker.refused(13, at: later, spread: 0.5)
        #expect(others == [12])
        #expect(breaker.phase == .open(until: later.adding(seconds: 2)))
    }

    @Test("pauses double up to five minutes, spread by a fifth")
    func growth() {
        var breaker = Self.breaker()
        var now = Self.start
        for position in 1...5 { _ = breaker.failed(Int64(position), at: now, spread: 0.5) }
        var pauses: [Int64] = []
        for round in 0..<12 {
            guard case .open(let end) = breaker.phase else { break }
            pauses.append(end.seconds(since: now))
            now = end
            breaker.look(at: now)
            breaker.probe([1])
            _ = breaker.failed(1, at: now, spread: round == 11 ? 1 : 0.5)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
        #expect(breaker.phase == .open(until: now.adding(seconds: 360)))
        #expect(breaker.failingSince == Self.start)
    }

    @Test("a pause that the destination asks for is kept, and what asks for one together is one pause")
    func slowed() {
        var breaker = Self.breaker()
        breaker.slowed(for: .seconds(40), at: Self.start, spread: 0.5)
        breaker.slowed(for: nil, at: Self.start, spread: 0.5)
        #expect(breaker.phase == .open(until: Self.start.adding(seconds: 40)))
        breaker.slowed(for: .seconds(50), at: Self.start, spread: 0.5)
        #expect(breaker.phase == .open(until: Self.start.adding(seconds: 50)))
        breaker.look(at: Self.start.adding(seconds: 50))
        breaker.probe([1])
        breaker.slowed(for: nil, at: Self.start.adding(seconds: 50), spread: 0.5)
        #expect(breaker.phase == .open(until: Self.start.adding(seconds: 52)))
    }

    @Test("what got through although a pause was asked for meanwhile does not end it")
    func askedFor() {
        var breaker = Self.breaker()
        breaker.slowed(for: .seconds(40), at: Self.start, spread: 0.5)
        _ = breaker.succeeded()
        #expect(breaker.phase == .open(until: Self.start.adding(seconds: 40)))
        #expect(breaker.failingSince == nil)
        breaker.look(at: Self.start.adding(seconds: 40))
        breaker.probe([1])
        _ = breaker.succeeded()
        #expect(breaker.isClosed && breaker.pausedUntil == nil)
    }

    @Test("a probe that came to nothing leaves room for another")
    func abandoned() {
        var breaker = Self.breaker()
        breaker.slowed(for: .seconds(1), at: Self.start, spread: 0.5)
        breaker.look(at: Self.start.adding(seconds: 1))
        breaker.probe([4])
        breaker.abandoned(4)
        #expect(breaker.allowance(16, sending: 0) == 3)
    }

    @Test("whoever takes over goes on with the pause, and with pauses as long as they were")
    func takesOver() {
        let now = Self.start.adding(seconds: 7_200)
        let end = now.adding(seconds: 100)
        var breaker = Breaker(after: Self.standing(failing: Self.start, paused: end), at: now)
        #expect(breaker.phase == .open(until: end))
        breaker.look(at: end)
        breaker.probe([1])
        _ = breaker.failed(1, at: end, spread: 0.5)
        #expect(breaker.phase == .open(until: end.adding(seconds: 300)))
        #expect(breaker.failingSince == Self.start)
        // A clock that was set back makes no pause longer than any.
        let odd = Breaker(after: Self.standing(failing: now, paused: now.adding(days: 30)), at: now)
        #expect(odd.phase == .open(until: now.adding(seconds: 3_600)))
        let quiet = Breaker(after: Self.standing(failing: Self.start), at: now)
        #expect(quiet.isClosed)
    }
}

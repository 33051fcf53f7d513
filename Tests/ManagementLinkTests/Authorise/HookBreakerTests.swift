import EnrollmentCore
import Testing

@testable import ManagementLink

@Suite("The pause of a hook that does not answer")
struct HookBreakerTests {
    private static let start = Timestamp(seconds: 1_790_000_000)

    private static func paused() -> HookBreaker {
        var breaker = HookBreaker(failuresToPause: 3, pauseSeconds: 10)
        for _ in 0..<3 { breaker.noteSilence(breaker.permission(at: Self.start), at: Self.start) }
        return breaker
    }

    @Test("comes after so many silences in a row, not after as many in all")
    func comes() {
        var breaker = HookBreaker(failuresToPause: 3, pauseSeconds: 10)
        for _ in 0..<5 {
            for _ in 0..<2 { breaker.noteSilence(.ask, at: Self.start) }
            #expect(breaker.permission(at: Self.start) == .ask)
            breaker.noteAnswer()
        }
        for _ in 0..<2 { breaker.noteSilence(.ask, at: Self.start) }
        #expect(!breaker.isPaused)
        breaker.noteSilence(.ask, at: Self.start)
        #expect(breaker.isPaused)
        #expect(breaker.permission(at: Self.start.adding(seconds: 9)) == .pause)
    }

    @Test("ends with one question, whose answer stands for all")
    func probe() {
        var breaker = Self.paused()
        let later = Self.start.adding(seconds: 10)
        #expect(breaker.permission(at: later) == .probe)
        #expect(breaker.permission(at: later) == .pause)
        breaker.noteAnswer()
        #expect(breaker.permission(at: later) == .ask)
        #expect(breaker.permission(at: later) == .ask)
    }

    @Test("begins anew when that question is not answered either")
    func again() {
        var breaker = Self.paused()
        let later = Self.start.adding(seconds: 12)
        #expect(breaker.permission(at: later) == .probe)
        breaker.noteSilence(.probe, at: later)
        #expect(breaker.permission(at: later.adding(seconds: 9)) == .pause)
        #expect(breaker.permission(at: later.adding(seconds: 10)) == .probe)
    }

    @Test("is not made longer by questions from before it")
    func latecomers() {
        var breaker = Self.paused()
        breaker.noteSilence(.ask, at: Self.start.adding(seconds: 9))
        #expect(breaker.permission(at: Self.start.adding(seconds: 10)) == .probe)
    }

    @Test("waits for no question that was given up, nor for a clock that was set back")
    func abandoned() {
        var breaker = Self.paused()
        #expect(breaker.permission(at: Self.start.adding(seconds: 10)) == .probe)
        breaker.noteAbandoned(.probe)
        #expect(breaker.permission(at: Self.start.adding(seconds: 10)) == .probe)
        breaker.noteAbandoned(.probe)
        #expect(breaker.permission(at: Self.start.adding(seconds: -3_600)) == .probe)
    }
}

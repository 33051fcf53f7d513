import EnrollmentCore
import ManagementLink
import Testing

@Suite("What an answer means")
struct AnswerJudgementTests {
    private static let now = Timestamp(seconds: 1_790_000_000)

    private static func judge(_ status: Int, _ retryAfter: String? = nil) -> AnswerJudgement {
        AnswerJudgement(TransportAnswer(status: status, retryAfter: retryAfter), at: Self.now)
    }

    @Test("every success is a success", arguments: [200, 201, 202, 204, 299])
    func accepted(status: Int) {
        #expect(Self.judge(status) == .accepted)
        #expect(Self.judge(status, "120") == .accepted)
    }

    @Test("a redirect is a failure that says that redirects are not followed", arguments: [301, 302, 307, 308])
    func redirect(status: Int) {
        guard case .unreached(let sentence, nil) = Self.judge(status) else {
            Issue.record("\(status) is no failure")
            return
        }
        #expect(sentence.contains("\(status)") && sentence.contains("redirects are not followed"))
    }

    @Test("410 is the end, whatever else it says")
    func gone() {
        guard case .gone = Self.judge(410, "5") else {
            Issue.record("410 is not the end")
            return
        }
    }

    @Test("429, and 503 with a time, ask for a pause; 503 without one is a failure")
    func slowed() {
        #expect(Self.judge(429) == .slowed("answered 429: too many requests", pause: nil))
        #expect(Self.judge(429, "7") == .slowed("answered 429: too many requests", pause: .seconds(7)))
        #expect(Self.judge(503, "7") == .slowed("answered 503: unavailable", pause: .seconds(7)))
        #expect(Self.judge(503) == .failed("answered 503", notBefore: nil))
        #expect(Self.judge(503, "soon") == .failed("answered 503", notBefore: nil))
    }

    @Test("what is wrong with the way there says nothing of the event", arguments: [100, 401, 403, 404, 407, 408])
    func unreached(status: Int) {
        guard case .unreached(let sentence, let pause) = Self.judge(status, "60") else {
            Issue.record("\(status) speaks of the event")
            return
        }
        #expect(sentence.contains("\(status)"))
        #expect(pause == .seconds(60))
    }

    @Test(
        "every other refusal is the event's own, which comes back no sooner than it may",
        arguments: [400, 409, 413, 422]
    )
    func refused(status: Int) {
        #expect(Self.judge(status) == .refused("answered \(status)", notBefore: nil))
        #expect(Self.judge(status, "60") == .refused("answered \(status)", notBefore: .seconds(60)))
    }

    @Test(
        "a destination that could not is a failure, which comes back no sooner than it may",
        arguments: [500, 502, 504]
    )
    func failed(status: Int) {
        #expect(Self.judge(status) == .failed("answered \(status)", notBefore: nil))
        #expect(Self.judge(status, "60") == .failed("answered \(status)", notBefore: .seconds(60)))
    }

    @Test("what is no status of HTTP is a failure", arguments: [0, 99, 600, 999, -1])
    func garbage(status: Int) {
        #expect(Self.judge(status) == .unreached("answered something that is not HTTP", notBefore: nil))
    }

    @Test("no answer is a failure, unless nobody waited for one")
    func unanswered() {
        #expect(AnswerJudgement(.unanswered("no")) == .unreached("no", notBefore: nil))
        #expect(AnswerJudgement(.cancelled) == .abandoned)
    }

    @Test(
        "Retry-After is read as seconds or as a date of any of the three forms, and nobody is listened to for hours",
        arguments: [
            ("0", 0), ("1", 1), (" 120 ", 120), ("3600", 3_600), ("3601", 3_600),
            ("99999999999999999999999999", 3_600), ("Mon, 21 Sep 2026 14:14:20 GMT", 60),
            ("Monday, 21-Sep-26 14:14:20 GMT", 60), ("Mon Sep 21 14:14:20 2026", 60),
            ("Mon, 21 Sep 2026 14:13:00 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("Fri, 01 Jan 2100 00:00:00 GMT", 3_600),
        ]
    )
    func retryAfter(text: String, seconds: Int64) {
        #expect(RetryAfter.delay(text, at: Self.now) == .seconds(seconds))
    }

    @Test(
        "what is neither is as good as nothing",
        arguments: [
            "", " ", "-1", "+5", "1.5", "5s", "soon", "Mon, 21 Sep 2026", "Mon, 21 Foo 2026 14:14:20 GMT",
            "Mon, 32 Sep 2026 14:14:20 GMT", "Mon, 21 Sep 2026 24:14:20 GMT", "Mon, 21 Sep 2026 14:14 GMT",
            "Mon, 21 Sep 2026 14:14:20 CET", "Mon, 21 Sep 20260 14:14:20 GMT", "٣",
        ]
    )
    func noRetryAfter(text: String) {
        #expect(RetryAfter.delay(text, at: Self.now) == nil)
    }
}

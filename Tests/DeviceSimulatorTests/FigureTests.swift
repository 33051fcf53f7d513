import Testing

@testable import DeviceSimulator

@Suite("Figures and progress")
struct FigureTests {
    @Test("percentiles are values that were measured, by nearest rank")
    func percentiles() {
        let times = Percentiles(microseconds: (1...200).reversed().map { UInt32($0 * 1000) })
        #expect(times.count == 200)
        #expect(times.p50 == 100)
        #expect(times.p95 == 190)
        #expect(times.p99 == 198)
        #expect(times.max == 200)
        #expect(Percentiles(microseconds: []).max == 0)
        #expect(Percentiles(microseconds: [7]).p50 == 0.007)
    }

    @Test("progress is one line of a fixed form")
    func progress() {
        let line = ProgressLine(verb: "enrolling", done: 3210, total: 10_000, failed: 0, seconds: 15)
        #expect(line.text == "enrolling 3,210 of 10,000 (32 %), 214 per second, 32 s left, 0 failed")
        let none = ProgressLine(verb: "enrolling", done: 0, total: 5, failed: 0, seconds: 0)
        #expect(none.text == "enrolling 0 of 5 (0 %), 0 per second, 0 failed")
    }

    @Test(
        "durations have about three figures",
        arguments: [(0.4217, "0.42"), (4.25, "4.3"), (9.04, "9.0"), (41.7, "42"), (1234.0, "1234")]
    )
    func durations(value: Double, text: String) {
        #expect(Text.milliseconds(value) == text)
    }

    @Test("failures are counted by kind, the first deviation is kept, and outcomes up to a number")
    func tally() {
        var tally = Tally(keeping: 2)
        let first = Deviation(.policy, .policyOrder, expected: "a", found: "b")
        let second = Deviation(.policy, .policyOrder, expected: "c", found: "d")
        let failures: [SimulationFailure] = [
            .unreachable(.discover, kind: "timedOut", message: "x"), .deviated(first), .deviated(second),
        ]
        for failure in failures {
            tally.add(
                EnrollmentOutcome(
                    device: SimulatedDevice(seed: 1),
                    user: "kim",
                    steps: [(.discover, 1.5)],
                    milliseconds: 0,
                    result: .failure(failure)
                )
            )
        }
        let report = tally.report(devices: 5, seconds: 2)
        #expect(report.failed == 3)
        #expect(report.left == 2)
        #expect(report.firstDeviation == first)
        #expect(report.failures.map(\.count) == [2, 1])
        #expect(report.failures.first?.kind == "policy deviates: policy.order")
        #expect(report.steps.map(\.step) == [.discover])
        #expect(report.steps.first?.times.p50 == 1.5)
        #expect(report.outcomes.count == 2)
        #expect(report.whole.count == 0)
    }
}

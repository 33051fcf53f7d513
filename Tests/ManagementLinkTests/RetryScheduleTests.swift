import ManagementLink
import Testing

@Suite("When a delivery is tried again")
struct RetryScheduleTests {
    @Test("delays grow up to a ceiling, and are spread by a fifth")
    func growth() {
        let schedule = RetrySchedule()
        let delays = (1...12).map { schedule.delay(afterAttempts: $0, spread: 0.5) }
        #expect(delays[0] == .seconds(5))
        #expect(zip(delays, delays.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(delays[11] == schedule.longest)
        #expect(schedule.delay(afterAttempts: 1, spread: 0) == .seconds(4))
        #expect(schedule.delay(afterAttempts: 1, spread: 1) == .seconds(6))
        #expect(schedule.delay(afterAttempts: .max, spread: 1) == schedule.longest * 1.2)
    }
}

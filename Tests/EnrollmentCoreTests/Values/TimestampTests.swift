import EnrollmentCore
import Testing

@Suite("A moment")
struct TimestampTests {
    // What `date -u -d @N` says.
    @Test(
        "is written as the calendar has it",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"), (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"), (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_795_149_845, "2026-11-20T04:44:05Z"), (2_147_483_648, "2038-01-19T03:14:08Z"),
            (2_524_607_999, "2049-12-31T23:59:59Z"), (2_524_608_000, "2050-01-01T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] as [(Int64, String)]
    )
    func knownDates(seconds: Int64, text: String) {
        #expect("\(Timestamp(seconds: seconds))" == text)
    }

    @Test("has the right date on every day from 1970 to 2100")
    func everyDay() {
        var (year, month, day) = (1970, 1, 1)
        var number: Int64 = 0
        var wrong: [Int64] = []
        while year <= 2100 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            let first = CivilTime(Timestamp(seconds: number * 86_400))
            let last = CivilTime(Timestamp(seconds: number * 86_400 + 86_399))
            if [first.year, first.month, first.day, first.hour, first.minute, first.second] != [
                year, month, day, 0, 0, 0,
            ]
                || [last.year, last.month, last.day, last.hour, last.minute, last.second]
                    != [year, month, day, 23, 59, 59]
            {
                wrong.append(number)
            }
            number += 1
            day += 1
            if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(wrong.isEmpty)
        #expect(number == 47_847)
    }

    @Test(
        "belongs to the second it is in, before 1970 as well",
        arguments: [(1_999_999, 1), (1_000_000, 1), (0, 0), (-1, -1), (-1_000_000, -1), (-1_000_001, -2)]
            as [(Int64, Int64)]
    )
    func wholeSeconds(microseconds: Int64, seconds: Int64) {
        #expect(Timestamp(microseconds: microseconds).seconds == seconds)
    }

    @Test("is written with milliseconds where they matter")
    func milliseconds() {
        #expect(Timestamp(microseconds: 7_999).descriptionWithMilliseconds == "1970-01-01T00:00:00.007Z")
        #expect(Timestamp(microseconds: -1).descriptionWithMilliseconds == "1969-12-31T23:59:59.999Z")
    }

    @Test("moves by days of 86 400 seconds and keeps its fraction")
    func moves() {
        let moment = Timestamp(microseconds: 5)
        #expect(moment.adding(days: 2).microseconds == 172_800_000_005)
        #expect(moment.adding(days: 2).adding(days: -2) == moment)
        #expect(moment.adding(seconds: 3).seconds(since: moment) == 3)
        #expect(moment < moment.adding(seconds: 1))
    }
}

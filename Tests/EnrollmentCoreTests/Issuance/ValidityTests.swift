import EnrollmentCore
import Testing

@Suite("A validity")
struct ValidityTests {
    private static let now = Timestamp(microseconds: 1_790_000_000_999_999)

    @Test("of N days is N times 86 400 seconds with both ends included", arguments: [1, 365, 1_096])
    func length(days: Int) {
        let validity = Validity(from: Self.now, backdatedBy: 300, days: days, within: nil)
        #expect(validity.length == Int64(days) * 86_400)
        #expect(validity.notAfter.seconds - validity.notBefore.seconds == Int64(days) * 86_400 - 1)
    }

    @Test("begins as long before the moment of issue as it is backdated, in whole seconds")
    func backdating() {
        let validity = Validity(from: Self.now, backdatedBy: 300, days: 1, within: nil)
        #expect(validity.notBefore == Timestamp(seconds: 1_789_999_700))
        #expect(validity.notAfter.microseconds % 1_000_000 == 0)
    }

    @Test("ends with its issuer at the latest")
    func withinIssuer() {
        let end = Timestamp(seconds: 1_790_000_000).adding(days: 10)
        #expect(Validity(from: Self.now, backdatedBy: 0, days: 365, within: end).notAfter == end)
        #expect(Validity(from: Self.now, backdatedBy: 0, days: 5, within: end).notAfter < end)
    }

    @Test("contains both of its ends and nothing outside")
    func contains() {
        let validity = Validity(notBefore: Timestamp(seconds: 10), notAfter: Timestamp(seconds: 20))
        #expect(validity.contains(Timestamp(seconds: 10)))
        #expect(validity.contains(Timestamp(microseconds: 20_999_999)))
        #expect(!validity.contains(Timestamp(microseconds: 9_999_999)))
        #expect(!validity.contains(Timestamp(seconds: 21)))
    }
}

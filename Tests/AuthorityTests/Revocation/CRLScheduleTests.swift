import Authority
import EnrollmentCore
import Testing

@Suite("CRL schedule")
struct CRLScheduleTests {
    private static let now = StoppedClock().now

    private static func standing(age: Int64?, waiting: Int64? = nil) -> CRLStanding {
        CRLStanding(
            shard: CRLShard(issuerID: "2026-a", number: 0),
            published: age.map { age in
                CRLFacts(
                    number: 1,
                    thisUpdate: now.adding(seconds: -age),
                    nextUpdate: now.adding(seconds: 86_400 - age),
                    entryCount: 0,
                    through: 0,
                    thumbprint: [],
                    octetCount: 0
                )
            },
            waitingSince: waiting.map { now.adding(seconds: -$0) }
        )
    }

    @Test(
        "a CRL is due when it is the first, old, out of date, or dated in the future",
        arguments: [
            (Self.standing(age: nil), CRLSchedule.Reason.first),
            (Self.standing(age: 21_600), .age), (Self.standing(age: 21_599), nil),
            (Self.standing(age: 100, waiting: 9), nil), (Self.standing(age: 100, waiting: 10), .change),
            (Self.standing(age: 100, waiting: -5), .change), (Self.standing(age: 5, waiting: 10), .change),
            (Self.standing(age: -2), .clock), (Self.standing(age: -1), nil), (Self.standing(age: 0), nil),
        ] as [(CRLStanding, CRLSchedule.Reason?)]
    )
    func due(_ standing: CRLStanding, _ reason: CRLSchedule.Reason?) {
        #expect(CRLSchedule().reason(for: standing, at: Self.now) == reason)
    }

    @Test("times that cannot keep what is promised are named")
    func problems() {
        #expect(CRLSchedule().problem == nil)
        #expect(CRLSchedule(interval: 3_600, validity: 7_201, gathering: 0).problem == nil)
        #expect(CRLSchedule(interval: 3_600, validity: 7_200).problem?.contains("out of date") ?? false)
        #expect(CRLSchedule(gathering: 31).problem?.contains("60 s") ?? false)
        #expect(CRLSchedule(gathering: -1).problem != nil)
        #expect(CRLSchedule(interval: 59).problem != nil)
    }
}

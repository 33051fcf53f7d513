import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Synchronization
import Testing
import X509Kit

@Suite("OCSP responder, over a store that is behind", .timeLimit(.minutes(25)))
struct OCSPBehindTests {
    private static func answer(_ rig: RevocationRig, _ question: [UInt8]) async throws -> OCSPResponse {
        try OCSPResponse(der: await rig.responder.answer(question).answer.octets)
    }

    @Test("of a store that is behind, an answer says as of when it is, and counts from then on")
    func behind() async throws {
        let moment = Mutex<Timestamp?>(nil)
        let rig = try await RevocationRig(
            try await SharedFoundings.all.founding(),
            answers: .init(validity: 3_600),
            asOf: { moment.withLock { $0 } }
        )
        try await rig.open()
        let serial = try await rig.device().serialNumber
        let question = try rig.question(serial)
        let behind = rig.clock.now.adding(seconds: -600)
        moment.withLock { $0 = behind }
        let answer = await rig.responder.answer(question).answer
        #expect(answer.thisUpdate == Timestamp(seconds: behind.seconds))
        #expect(answer.nextUpdate == Timestamp(seconds: behind.seconds + 3_600))
        let response = try OCSPResponse(der: answer.octets)
        #expect(response.singles.map(\.status) == [.good])
        #expect(response.producedAt == rig.clock.now.seconds)
        // One who waits past its half gets no older one than there is.
        rig.clock.advance(seconds: 1_300)
        #expect(rig.responder.cached(for: question) == nil)
        moment.withLock { $0 = nil }
        #expect(await rig.responder.answer(question).answer.thisUpdate == Timestamp(seconds: rig.clock.now.seconds))
    }

    @Test("of a store that is too far behind, or does not know a certificate yet, nothing is said")
    func tooFarBehind() async throws {
        let moment = Mutex<Timestamp?>(nil)
        let rig = try await RevocationRig(
            try await SharedFoundings.all.founding(),
            answers: .init(validity: 3_600),
            asOf: { moment.withLock { $0 } }
        )
        try await rig.open()
        let question = try rig.question(try await rig.device().serialNumber)
        moment.withLock { $0 = rig.clock.now.adding(seconds: -3_600) }
        let (answer, error) = await rig.responder.answer(question)
        #expect(try OCSPResponse(der: answer.octets).refusal == .tryLater)
        #expect(error?.rule == "ocsp.behind")
        // Issued elsewhere a moment ago, for all we know.
        moment.withLock { $0 = rig.clock.now.adding(seconds: -1) }
        let unknown = SerialNumber(node: 1, random: try SystemRandom.octets(16))
        #expect(try await Self.answer(rig, try rig.question(unknown)).refusal == .tryLater)
        #expect(try await rig.status(question) == .good)
    }

    @Test("a log that was not read for long empties the cache: it may have been shortened")
    func gap() async throws {
        let rig = try await RevocationRig(
            try await SharedFoundings.all.founding(),
            answers: .init(validity: 86_400)
        )
        try await rig.open()
        let question = try rig.question(try await rig.device().serialNumber)
        #expect(try await rig.status(question) == .good)
        rig.clock.advance(seconds: 3_601)
        #expect(rig.responder.cached(for: question) != nil)
        _ = try await rig.responder.follow()
        #expect(rig.responder.keptAnswers == 0)
    }
}

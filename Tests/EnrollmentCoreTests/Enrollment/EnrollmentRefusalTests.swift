import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("A refused enrollment")
struct EnrollmentRefusalTests {
    private func refusal(
        _ rehearsal: Rehearsal,
        limit: Int = 10,
        _ request: EnrollmentRequest = Rehearsal.request()
    ) async throws -> Refusal {
        let refusal = await #expect(throws: Refusal.self) { try await rehearsal.service(limit: limit).enroll(request) }
        return try #require(refusal)
    }

    @Test("at the limit says how many count, how many are allowed, by which rule, and which they are")
    func limit() async throws {
        let rehearsal = Rehearsal()
        let service = rehearsal.service(limit: 2)
        let first = try await service.enroll(Rehearsal.request(device: 1))
        let second = try await service.enroll(Rehearsal.request(device: 2))
        let request = Rehearsal.request(device: 3)
        let refusal = try await self.refusal(rehearsal, limit: 2, request)
        #expect(refusal.error.code == .deviceCapReached)
        #expect(refusal.error.rule == "limit.reached")
        #expect(refusal.error.facts == [Fact("counted", "2"), Fact("allowed", "2"), Fact("limit from", "default")])
        #expect(Set(refusal.error.counted.map(\.device)) == [first.device, second.device])
        #expect(refusal.recordingFailure == nil)
        let stored = try #require(try await rehearsal.ledger.store.attempt(request.traceID))
        #expect(stored == refusal.attempt)
        #expect(stored.code == .deviceCapReached)
        #expect(stored.rule == "limit.reached")
        #expect(stored.facts == refusal.error.facts)
        #expect(stored.counted == refusal.error.counted)
        #expect(stored.detail == refusal.error.detail)
        #expect(rehearsal.authority.signed.count == 2)
    }

    @Test("for a blocked key tells the operator why, and the key is not used")
    func blockedKey() async throws {
        let rehearsal = Rehearsal(answers: [.keyBlocked(reason: "it was in a leak")])
        let refusal = try await self.refusal(rehearsal)
        #expect(refusal.error.code == .certificateRequest)
        #expect(refusal.error.rule == "key.blocked")
        #expect(refusal.error.detail.contains("it was in a leak"))
        #expect(rehearsal.authority.signed.isEmpty)
        #expect(try await rehearsal.ledger.store.attempt(Rehearsal.request().traceID)?.rule == "key.blocked")
    }

    @Test("for a key of another device names that device")
    func keyInUse() async throws {
        let rehearsal = Rehearsal()
        let owner = try await rehearsal.service().enroll(Rehearsal.request(device: 1))
        let clone = EnrollmentRequest(
            traceID: Rehearsal.request(device: 2).traceID,
            credential: Rehearsal.request().credential,
            certificateRequest: Rehearsal.request(device: 1).certificateRequest,
            claims: Rehearsal.request(device: 2).claims,
            sourceAddress: "192.0.2.8"
        )
        let refusal = try await self.refusal(rehearsal, clone)
        #expect(refusal.error.code == .certificateRequest)
        #expect(refusal.error.rule == "key.in-use")
        #expect(refusal.error.facts == [Fact("certified for", "\(owner.device)")])
        #expect(rehearsal.authority.signed.count == 1)
    }

    @Test(
        "is not the end when something got in between: the request is prepared again, with another serial number",
        arguments: [ReservationOutcome.recognitionChanged, .serialNumberTaken, .traceIDTaken]
    )
    func preparesAgain(outcome: ReservationOutcome) async throws {
        let rehearsal = Rehearsal(answers: [outcome, outcome])
        let enrollment = try await rehearsal.service().enroll(Rehearsal.request())
        let serials = rehearsal.authority.drafts.map(\.serialNumber)
        #expect(Set(serials).count == 3)
        #expect(rehearsal.authority.signed.map(\.draft.serialNumber) == serials.suffix(1))
        #expect(enrollment.certificate.serialNumber == serials.last)
        // Each failed reservation was a step of its own, and the attempt goes on under a trace id that is free.
        let attempts = try await rehearsal.ledger.store.attempts(AttemptQuery()).elements
        #expect(attempts.count == 1)
        #expect((attempts.first?.traceID != Rehearsal.request().traceID) == (outcome == .traceIDTaken))
        #expect(attempts.first?.steps.filter { $0.name == "reserve" }.count == 3)
    }

    @Test("after five reservations that came too late asks the device to try again later, and signs nothing")
    func contended() async throws {
        let rehearsal = Rehearsal(answers: Array(repeating: .recognitionChanged, count: 9))
        let refusal = try await self.refusal(rehearsal)
        #expect(refusal.error.code == .inMaintenance)
        #expect(refusal.error.rule == "reserve.contended")
        #expect(rehearsal.journal.calls.filter { $0 == .reserve }.count == 5)
        #expect(rehearsal.authority.signed.isEmpty)
        #expect(try await rehearsal.ledger.store.attempt(refusal.attempt.traceID)?.outcome == .refused)
    }

    @Test("for a receipt of other octets leaves the key alone")
    func foreignReceipt() async throws {
        let receipt = IntentReceipt(
            serialNumber: SerialNumber(node: 7, random: [UInt8](repeating: 9, count: 16)),
            toBeSignedDigest: [UInt8](repeating: 9, count: 32)
        )
        let rehearsal = Rehearsal(answers: [.reserved(receipt)])
        let refusal = try await self.refusal(rehearsal)
        #expect(refusal.error.rule == "issuance.receipt")
        #expect(!rehearsal.journal.calls.contains(.sign))
        #expect(rehearsal.authority.signed.isEmpty)
    }

    @Test(
        "after the reservation gives the slot back; the intent is closed only where the key was surely not used",
        arguments: [
            (PortJournal.Call.seal, PortJournal.Plan.Moment.beforeItsWork, CertificateState.closed),
            (.seal, .afterItsWork, .closed), (.sign, .beforeItsWork, .intent), (.sign, .afterItsWork, .intent),
        ]
    )
    func releases(step: PortJournal.Call, moment: PortJournal.Plan.Moment, state: CertificateState) async throws {
        let rehearsal = Rehearsal(PortJournal.Plan(calls: [step], moment: moment))
        let refusal = try await self.refusal(rehearsal)
        #expect(refusal.recordingFailure == nil)
        let store = rehearsal.ledger.store
        let device = try #require(try await store.devices(DeviceQuery()).elements.first)
        #expect(device.state == .released)
        #expect(!device.state.occupiesSlot)
        let certificate = try #require(try await store.certificates(CertificateQuery()).elements.first)
        #expect(certificate.state == state)
        #expect(certificate.reason == PortJournal.rule)
        #expect(try await store.attempt(Rehearsal.request().traceID)?.outcome == .refused)
    }

    @Test("because the confirmation was not recorded keeps the intent and the slot, and says that the records lack")
    func keepsTheIntent() async throws {
        let rehearsal = Rehearsal(PortJournal.Plan(calls: [.confirm]))
        let refusal = try await self.refusal(rehearsal)
        #expect(refusal.recordingFailure?.rule == PortJournal.rule)
        #expect(refusal.attempt.outcome == .refused)
        #expect(refusal.attempt.rule == PortJournal.rule)
        let store = rehearsal.ledger.store
        let certificate = try #require(try await store.certificates(CertificateQuery()).elements.first)
        #expect(certificate.state == .intent)
        #expect(certificate.serialNumber == rehearsal.authority.signed.first?.draft.serialNumber)
        let device = try #require(try await store.devices(DeviceQuery()).elements.first)
        #expect(device.state.occupiesSlot)
        #expect(try await store.attempt(refusal.attempt.traceID) == refusal.attempt)
    }

    @Test("because an answer of the ledger was lost does not overwrite what the ledger knows")
    func lostAnswer() async throws {
        let rehearsal = Rehearsal(PortJournal.Plan(calls: [.confirm], moment: .afterItsWork))
        let refusal = try await self.refusal(rehearsal)
        #expect(refusal.recordingFailure != nil)
        #expect(try await rehearsal.ledger.store.attempt(refusal.attempt.traceID)?.outcome == .succeeded)
    }

    @Test(
        "that could not be recorded either reports both errors, and is recorded later",
        arguments: [PortJournal.Call.verify, .reserve, .sign]
    )
    func reportsBoth(step: PortJournal.Call) async throws {
        let rehearsal = Rehearsal(PortJournal.Plan(calls: [step, .record, .release]))
        let refusal = try await self.refusal(rehearsal)
        #expect(refusal.error.detail.contains(step.rawValue))
        let closing: PortJournal.Call = step == .sign ? .release : .record
        #expect(refusal.recordingFailure?.detail.contains(closing.rawValue) == true)
        let stored = try await rehearsal.ledger.store.attempt(refusal.attempt.traceID)
        #expect(stored == refusal.attempt)
    }

    @Test("under a trace id that is taken is recorded under another, which the device is told")
    func anotherTraceID() async throws {
        let rehearsal = Rehearsal(answers: [.keyBlocked(reason: "test")])
        let request = Rehearsal.request()
        let earlier = Attempt(
            traceID: request.traceID,
            operation: .policy,
            started: rehearsal.clock.now,
            sourceAddress: "192.0.2.9"
        )
        #expect(try await rehearsal.ledger.store.record(earlier))
        let refusal = try await self.refusal(rehearsal, request)
        #expect(refusal.attempt.traceID != request.traceID)
        #expect(try await rehearsal.ledger.store.attempt(refusal.attempt.traceID) == refusal.attempt)
        #expect(try await rehearsal.ledger.store.attempt(request.traceID) == earlier)
    }
}

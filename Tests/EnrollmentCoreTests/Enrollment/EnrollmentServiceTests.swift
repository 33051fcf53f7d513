import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("An enrollment")
struct EnrollmentServiceTests {
    private static let sequence: [PortJournal.Call] = [
        .verify, .inspect, .authorise, .prepare, .reserve, .seal, .sign, .confirm,
    ]

    @Test("the ledger hears of a certificate before the key is used")
    func order() async throws {
        let rehearsal = Rehearsal()
        _ = try await rehearsal.service().enroll(Rehearsal.request())
        #expect(rehearsal.journal.steps == Self.sequence)
    }

    @Test("no random octets are drawn between signing and confirming, since drawing may fail")
    func nothingBetweenSigningAndConfirming() async throws {
        let rehearsal = Rehearsal()
        _ = try await rehearsal.service().enroll(Rehearsal.request())
        #expect(rehearsal.journal.calls.suffix(2) == [.sign, .confirm])
    }

    @Test("nothing but the closing of the records runs after the step that failed", arguments: Self.sequence)
    func stopsAtFailure(step: PortJournal.Call) async throws {
        let rehearsal = Rehearsal(PortJournal.Plan(calls: [step]))
        let refusal = await #expect(throws: Refusal.self) {
            try await rehearsal.service().enroll(Rehearsal.request())
        }
        let until = try #require(Self.sequence.firstIndex(of: step))
        let closing: [PortJournal.Call] =
            switch step {
            case .seal, .sign: [.release]
            case .confirm: []
            default: [.record]
            }
        #expect(rehearsal.journal.steps == Array(Self.sequence[...until]) + closing)
        #expect(refusal?.error.rule == PortJournal.rule)
        #expect(refusal?.attempt.outcome == .refused)
    }

    @Test("the attempt names every step with its outcome, the failed one last", arguments: Self.sequence)
    func namesSteps(step: PortJournal.Call) async throws {
        let names: [PortJournal.Call: String] = [
            .verify: "sign-in", .inspect: "request", .authorise: "authorise", .prepare: "trial",
            .reserve: "reserve", .sign: "sign",
        ]
        let rehearsal = Rehearsal(PortJournal.Plan(calls: [step]))
        let refusal = await #expect(throws: Refusal.self) {
            try await rehearsal.service().enroll(Rehearsal.request())
        }
        let steps = try #require(refusal).attempt.steps
        let until = try #require(Self.sequence.firstIndex(of: step))
        #expect(steps.map(\.name) == Self.sequence[...until].compactMap { names[$0] })
        #expect(!steps.dropLast().contains { !$0.succeeded })
        if names[step] != nil { #expect(steps.last?.succeeded == false) }
    }

    @Test("what the device gets is what the ledger remembers")
    func remembersWhatItGives() async throws {
        let rehearsal = Rehearsal()
        let enrollment = try await rehearsal.service().enroll(Rehearsal.request())
        let store = rehearsal.ledger.store
        let device = try #require(try await store.device(enrollment.device))
        #expect(device.state == .issued)
        #expect(device.userID == Rehearsal.kim.id)
        #expect(device.certificateSerial == enrollment.certificate.serialNumber)
        let certificate = try #require(try await store.certificate(enrollment.certificate.serialNumber))
        #expect(certificate.state == .issued)
        #expect(certificate.der == enrollment.certificate.der)
        #expect(certificate.device == enrollment.device)
        let attempt = try #require(try await store.attempt(Rehearsal.request().traceID))
        #expect(attempt.outcome == .succeeded)
        #expect(attempt.claimedName == "CORP\\kim")
        #expect(attempt.userID == Rehearsal.kim.id)
        #expect(attempt.device == enrollment.device)
        #expect(attempt.serialNumber == enrollment.certificate.serialNumber)
        #expect(try enrollment.authorities == rehearsal.authority.activeIssuer.authorities)
        #expect(enrollment.renewal == Rehearsal.profile.renewal)
        #expect(enrollment.certificate.serialNumber.octets.first == 7)
    }

    @Test("the account is sealed for its device alone, and no two of its secrets and nonces are the same")
    func sealsTheAccount() async throws {
        let rehearsal = Rehearsal()
        let enrollment = try await rehearsal.service().enroll(Rehearsal.request())
        let account = enrollment.account
        let parts = [
            account.clientName, account.clientSecret.reveal(), account.clientNonce, account.serverSecret.reveal(),
            account.serverNonce,
        ]
        #expect(Set(parts).count == parts.count)
        #expect(account.clientName == "\(enrollment.device)")
        let sealed = try #require(rehearsal.sealer.sealed.first)
        #expect(rehearsal.sealer.sealed.count == 1)
        #expect(String(decoding: sealed.secret, as: UTF8.self) == parts.joined(separator: "\n"))
        #expect(sealed.purpose == "account/\(enrollment.device)")
    }

    @Test("whether a device was here before is asked only where it says so or the reservation finds it")
    func asksWhetherItReturns() async throws {
        let rehearsal = Rehearsal()
        let service = rehearsal.service()
        let first = try await service.enroll(Rehearsal.request(device: 1, trace: 1))
        #expect(!rehearsal.journal.calls.contains(.recognize))
        let second = try await service.enroll(Rehearsal.request(device: 1, trace: 2))
        #expect(second.device == first.device)
        #expect(rehearsal.journal.calls.filter { $0 == .recognize }.count == 1)
        #expect(rehearsal.journal.calls.filter { $0 == .reserve }.count == 3)
    }

    @Test("a machine that comes back with the same user keeps its device and takes no second slot")
    func recognizesReturning() async throws {
        let rehearsal = Rehearsal()
        let service = rehearsal.service(limit: 1)
        let first = try await service.enroll(Rehearsal.request(device: 1, trace: 1))
        let second = try await service.enroll(Rehearsal.request(device: 1, trace: 2))
        #expect(first.device == second.device)
        #expect(first.certificate.serialNumber != second.certificate.serialNumber)
        #expect(first.account.clientSecret.reveal() != second.account.clientSecret.reveal())
        #expect(try await rehearsal.ledger.store.device(first.device)?.generation == 2)
    }

    @Test("the time each step took is what the clock says")
    func measures() async throws {
        let rehearsal = Rehearsal()
        _ = try await rehearsal.service().enroll(Rehearsal.request())
        let attempt = try #require(try await rehearsal.ledger.store.attempt(Rehearsal.request().traceID))
        #expect(attempt.started == rehearsal.clock.now)
        #expect(attempt.microseconds == 0)
        #expect(attempt.steps.allSatisfy { $0.microseconds == 0 })
    }
}

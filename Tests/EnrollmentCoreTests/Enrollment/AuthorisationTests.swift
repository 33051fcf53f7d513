import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("Where somebody outside is asked")
struct AuthorisationTests {
    private static let denial = EnrollmentError(
        .denied,
        "The hook said no.",
        rule: "authorise.denied",
        reasonForUser: "Only laptops."
    )

    @Test("they hear who wants what on which terms")
    func enrollmentQuestion() async throws {
        let rehearsal = Rehearsal()
        let policy = ManagementPolicy(
            providerID: "Other",
            rules: [
                .init(
                    name: "staff",
                    groups: [GroupName("cn=staff, dc=corp, dc=example")],
                    domains: ["corp.example"],
                    providerID: "Staff",
                    ownership: .corporate
                )
            ]
        )
        let request = Rehearsal.request()
        let enrollment = try await rehearsal.service(management: policy).enroll(request)
        let terms = EnrollmentTerms(providerID: "Staff", ownership: .corporate, ownershipRule: "staff")
        #expect(
            rehearsal.authoriser.questions == [
                AuthorisationQuestion(
                    traceID: request.traceID,
                    operation: .enrollment,
                    user: Rehearsal.kim,
                    claims: request.claims,
                    device: nil,
                    credentialKind: "password",
                    sourceAddress: "192.0.2.7",
                    terms: terms
                )
            ]
        )
        #expect(enrollment.terms == terms)
    }

    @Test("they are asked once, even if the reservation has to be prepared anew")
    func askedOnce() async throws {
        let rehearsal = Rehearsal(answers: [.serialNumberTaken, .recognitionChanged])
        _ = try await rehearsal.service().enroll(Rehearsal.request())
        #expect(rehearsal.journal.calls.filter { $0 == .reserve }.count == 3)
        #expect(rehearsal.authoriser.questions.count == 1)
    }

    @Test("what they say of the device belongs to its terms")
    func attributes() async throws {
        let rehearsal = Rehearsal()
        let attributes = [Fact("location", "Oslo"), Fact("asset", "4711")]
        rehearsal.authoriser.set(.success(AuthorisationAnswer(attributes: attributes)))
        let enrollment = try await rehearsal.service().enroll(Rehearsal.request())
        #expect(enrollment.terms.attributes == attributes)
        #expect(enrollment.terms.providerID == "Gatehouse")
    }

    @Test("a no leaves nothing behind but its record, with the sentence that the user was shown")
    func denied() async throws {
        let rehearsal = Rehearsal()
        rehearsal.authoriser.set(.failure(Self.denial))
        let refusal = await #expect(throws: Refusal.self) {
            try await rehearsal.service().enroll(Rehearsal.request())
        }
        #expect(refusal?.error.reasonForUser == "Only laptops.")
        #expect(rehearsal.journal.steps == [.verify, .inspect, .authorise, .record])
        let attempt = try #require(try await rehearsal.ledger.store.attempt(Rehearsal.request().traceID))
        #expect(attempt.code == .denied)
        #expect(attempt.facts.contains(Fact(Attempt.spokenReason, "Only laptops.")))
        #expect(attempt.steps.last?.name == "authorise")
        #expect(attempt.steps.last?.succeeded == false)
        #expect(try await rehearsal.ledger.store.certificates(CertificateQuery()).elements.isEmpty)
    }

    @Test("silence that is taken for a yes is written beside the step")
    func silence() async throws {
        let rehearsal = Rehearsal()
        rehearsal.authoriser.set(.success(AuthorisationAnswer(silence: "No answer within 2 s.")))
        _ = try await rehearsal.service().enroll(Rehearsal.request())
        let attempt = try #require(try await rehearsal.ledger.store.attempt(Rehearsal.request().traceID))
        let step = try #require(attempt.steps.first { $0.name == "authorise" })
        #expect(step.succeeded)
        #expect(step.note == "No answer within 2 s.")
    }

    @Test("nobody is asked where nobody is to be asked")
    func unasked() async throws {
        let rehearsal = Rehearsal()
        _ = try await rehearsal.service(isAuthorised: false).enroll(Rehearsal.request())
        let attempt = try #require(try await rehearsal.ledger.store.attempt(Rehearsal.request().traceID))
        #expect(!attempt.steps.contains { $0.name == "authorise" })
        #expect(rehearsal.authoriser.questions.isEmpty)
    }

    @Test("a renewal is asked about as well, with the device that renews; a no leaves its certificate as it was")
    func renewal() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: RenewalRehearsal.due)
        scene.authoriser.set(.failure(Self.denial))
        let refusal = await #expect(throws: Refusal.self) {
            try await scene.service().renew(try scene.request(for: old))
        }
        #expect(refusal?.error.code == .denied)
        #expect(scene.journal.steps == [.candidate, .lookUp, .authorise, .record])
        let question = try #require(scene.authoriser.questions.first)
        #expect(question.operation == .renewal)
        #expect(question.device == (try await scene.device(of: old)))
        #expect(question.credentialKind == "certificate")
        #expect(question.terms == EnrollmentTerms(providerID: "Gatehouse"))
        #expect(try await scene.store.certificate(old.serialNumber)?.state == .issued)

        scene.authoriser.set(.success(AuthorisationAnswer(attributes: [Fact("asset", "4711")])))
        _ = try await scene.service().renew(try scene.request(for: old, number: 101))
        #expect(scene.authoriser.questions.count == 2)
    }

    @Test(
        "nothing but the record of the refusal follows a renewal's step that failed",
        arguments: [PortJournal.Call.candidate, .lookUp, .authorise, .reserveRenewal]
    )
    func renewalStopsAtFailure(step: PortJournal.Call) async throws {
        let scene = RenewalRehearsal(PortJournal.Plan(calls: [step]))
        let old = try await scene.enroll()
        scene.clock.advance(seconds: RenewalRehearsal.due)
        let refusal = await #expect(throws: Refusal.self) {
            try await scene.service().renew(try scene.request(for: old))
        }
        #expect(refusal?.error.rule == PortJournal.rule)
        #expect(scene.journal.steps.suffix(2) == [step, .record])
    }
}

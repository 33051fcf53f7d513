import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("A renewal")
struct RenewalServiceTests {
    @Test("gives the device a successor; both certificates are valid until the new one is seen")
    func renews() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: RenewalRehearsal.due)
        let renewal = try await scene.service().renew(try scene.request(for: old))
        let new = try #require(try await scene.store.certificate(renewal.certificate.serialNumber))
        #expect(new.state == .issued)
        #expect(new.predecessor == old.serialNumber)
        #expect(new.device == renewal.device)
        #expect(try await scene.store.certificate(old.serialNumber)?.state == .issued)
        let device = try #require(try await scene.store.device(renewal.device))
        #expect(device.state == .active)
        #expect(device.certificateSerial == renewal.certificate.serialNumber)
        #expect(device.lastProvenContact == scene.clock.now)
        let attempt = try #require(
            try await scene.store.attempt(TraceID(random: [UInt8](repeating: 100, count: TraceID.randomOctets)))
        )
        #expect(attempt.operation == .renewal)
        #expect(attempt.outcome == .succeeded)
        #expect(attempt.device == renewal.device)
        #expect(renewal.user == Rehearsal.kim)

        let contact = Contact(
            thumbprint: renewal.certificate.thumbprint,
            witness: .mutualTLS,
            time: scene.clock.now.adding(seconds: 5)
        )
        #expect(try await scene.store.note(contact) == .noted(device: renewal.device, isFirst: true))
        #expect(try await scene.store.certificate(old.serialNumber)?.state == .superseded)
        #expect(try await scene.store.revocation(of: old.serialNumber)?.reason == .superseded)
    }

    @Test("the ledger hears of the successor before the key is used, and the steps are in the standard's order")
    func order() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: RenewalRehearsal.due)
        _ = try await scene.service().renew(try scene.request(for: old))
        #expect(scene.journal.steps == [.candidate, .lookUp, .authorise, .reserveRenewal, .confirm])
        let attempt = try #require(
            try await scene.store.attempt(TraceID(random: [UInt8](repeating: 100, count: TraceID.randomOctets)))
        )
        #expect(
            attempt.steps.map(\.name) == [
                "signature", "issuer", "standing", "user", "hold", "authorise", "trial", "key", "reserve", "sign",
            ]
        )
    }

    @Test("carries only the authorities that the device is not known to have")
    func deliversMissingTrust() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: RenewalRehearsal.due)
        // The enrollment's answer carried them, and a signature by its certificate's key shows that it arrived.
        let first = try await scene.service().renew(try scene.request(for: old))
        #expect(first.authorities.isEmpty)
        // As after a change of issuer.
        scene.rehearsal.authority.activate(
            ActiveIssuer(
                id: "2027-A",
                notAfter: scene.clock.now.adding(days: 2_000),
                authorities: [AuthorityCertificate(issuerID: "2027-A", der: [7], isRoot: false)]
                    + (try scene.rehearsal.authority.activeIssuer).authorities.suffix(1)
            )
        )
        scene.clock.advance(seconds: RenewalRehearsal.due)
        let second = try await scene.service().renew(try scene.request(for: first.certificate, number: 101))
        #expect(second.authorities.map(\.issuerID) == ["2027-A"])
        scene.clock.advance(seconds: RenewalRehearsal.due)
        let third = try await scene.service().renew(try scene.request(for: second.certificate, number: 102))
        #expect(third.authorities.isEmpty)
    }

    @Test("an answer lost three times leaves the old certificate good and one successor, until that one is seen")
    func lostAnswers() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: RenewalRehearsal.due)
        var successors: [IssuedCertificate] = []
        for number in UInt8(100)..<104 {
            successors.append(try await scene.service().renew(try scene.request(for: old, number: number)).certificate)
            scene.clock.advance(seconds: 4 * 86_400)
        }
        var states: [CertificateState?] = []
        for certificate in successors {
            states.append(try await scene.store.certificate(certificate.serialNumber)?.state)
        }
        #expect(states == [.superseded, .superseded, .superseded, .issued])
        let former = try #require(try await scene.store.certificate(old.serialNumber))
        #expect(former.state == .issued)
        // The overlap began anew with the last try, which was four days ago.
        #expect(former.supersedeAfter == scene.clock.now.adding(days: 26))

        let last = try #require(successors.last)
        _ = try await scene.store.note(Contact(thumbprint: last.thumbprint, witness: .mutualTLS, time: scene.clock.now))
        let refusal = await #expect(throws: Refusal.self) {
            try await scene.service().renew(try scene.request(for: old, number: 110))
        }
        #expect(refusal?.error.rule == "renewal.superseded")
    }

    @Test("the overlap ends with the old certificate at the latest")
    func overlapWithinValidity() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: 364 * 86_400)
        _ = try await scene.service().renew(try scene.request(for: old))
        let former = try #require(try await scene.store.certificate(old.serialNumber))
        #expect(former.supersedeAfter == former.notAfter)
    }

    @Test("a user who was asked has to be the device's owner, and then needs no certificate in the connection")
    func manual() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: RenewalRehearsal.due)
        let sam = DirectoryUser(id: "sam", principalName: "sam@corp.example", source: "dc1")
        scene.users.set(.success(sam), for: sam.id)
        func credential(_ name: String) -> Credential {
            .password(UsernamePassword(name: name, password: Redacted("correct horse")))
        }
        let other = await #expect(throws: Refusal.self) {
            try await scene.service().renew(
                try scene.request(for: old) {
                    $0.credential = credential("sam@corp.example")
                    $0.connection = .some(nil)
                }
            )
        }
        #expect(other?.error.rule == "renewal.user")
        let renewal = try await scene.service().renew(
            try scene.request(for: old, number: 101) {
                $0.credential = credential("kim@corp.example")
                $0.connection = .some(nil)
            }
        )
        #expect(renewal.user == Rehearsal.kim)
    }

    @Test("a key in hardware is not replaced by one that is not said to be")
    func protection() async throws {
        let scene = RenewalRehearsal()
        let enrolled = try await scene.enroll()
        scene.clock.advance(seconds: RenewalRehearsal.due)
        let hardware = try await scene.service().renew(
            try scene.request(for: enrolled) { $0.protection = .hardware }
        ).certificate
        scene.clock.advance(seconds: RenewalRehearsal.due)
        for (number, protection) in zip(UInt8(101)..., [KeyProtection.software, .unstated]) {
            let refusal = await #expect(throws: Refusal.self) {
                try await scene.service().renew(
                    try scene.request(for: hardware, number: number) { $0.protection = protection }
                )
            }
            #expect(refusal?.error.rule == "renewal.key-protection")
        }
        _ = try await scene.service().renew(
            try scene.request(for: hardware, number: 110) { $0.protection = .hardware }
        )
    }

    @Test("after expiry it takes the profile's option, or a permit that is used up by it")
    func afterExpiry() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: 370 * 86_400)
        _ = try await scene.store.expire(endedBefore: scene.clock.now, at: scene.clock.now, limit: 10)
        let device = try await scene.device(of: old)
        #expect(try await scene.store.device(device)?.state == .expired)
        let refusal = await #expect(throws: Refusal.self) {
            try await scene.service(RenewalPolicy(afterExpiryDays: 3)).renew(try scene.request(for: old))
        }
        #expect(refusal?.error.rule == "renewal.expired")
        let full = await #expect(throws: Refusal.self) {
            try await scene.service(RenewalPolicy(afterExpiryDays: 30), limit: 0)
                .renew(try scene.request(for: old, number: 101))
        }
        #expect(full?.error.rule == "limit.reached")

        let order = DeviceOrder(device: device, act: RenewalRehearsal.act(.permit))
        _ = try await scene.store.permit(.renewal, until: scene.clock.now.adding(days: 7), order)
        let renewal = try await scene.service().renew(try scene.request(for: old, number: 102))
        #expect(try await scene.store.device(device)?.state == .active)
        #expect(try await scene.store.permits(of: device, at: scene.clock.now).isEmpty)
        let again = await #expect(throws: Refusal.self) {
            try await scene.service().renew(try scene.request(for: old, number: 103))
        }
        #expect(again?.error.rule == "renewal.expired")
        #expect(try await scene.store.certificate(renewal.certificate.serialNumber)?.state == .issued)
    }

    @Test("what happens between the look and the reservation wins", arguments: ["reset", "hold", "revoke"])
    func race(what: String) async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: RenewalRehearsal.due)
        let device = try await scene.device(of: old)
        let store = scene.store
        scene.ledger.beforeReservation {
            switch what {
            case "reset": _ = try await store.reset(DeviceOrder(device: device, act: RenewalRehearsal.act(.reset)))
            case "hold": _ = try await store.hold(DeviceOrder(device: device, act: RenewalRehearsal.act(.hold)))
            default:
                _ = try await store.revoke(
                    RevocationOrder(
                        serialNumbers: [old.serialNumber],
                        reason: .unspecified,
                        act: RenewalRehearsal.act(.revoke)
                    )
                )
            }
        }
        let refusal = await #expect(throws: Refusal.self) {
            try await scene.service().renew(try scene.request(for: old))
        }
        #expect(refusal?.error.rule == (what == "hold" ? "renewal.held" : "renewal.revoked"))
        #expect(scene.rehearsal.authority.signed.count == 1)
    }

    @Test("a predecessor that is superseded while the key is used leaves nothing but a revoked intent")
    func overtaken() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: RenewalRehearsal.due)
        let first = try await scene.service().renew(try scene.request(for: old)).certificate
        let contact = Contact(thumbprint: first.thumbprint, witness: .mutualTLS, time: scene.clock.now)
        let store = scene.store
        scene.ledger.beforeConfirmation { _ = try await store.note(contact) }
        let refusal = await #expect(throws: Refusal.self) {
            try await scene.service().renew(try scene.request(for: old, number: 101))
        }
        #expect(refusal?.error.rule == "renewal.overtaken")
        #expect(refusal?.recordingFailure == nil)
        let id = try await scene.device(of: old)
        let intents = try await scene.store.certificates(CertificateQuery(state: .intent, device: id)).elements
        let intent = try #require(intents.first)
        #expect(intents.count == 1)
        #expect(try await scene.store.revocation(of: intent.serialNumber) != nil)
        #expect(try await scene.store.certificate(first.serialNumber)?.state == .issued)
        #expect(try await scene.store.revocation(of: first.serialNumber) == nil)
    }

    @Test(
        "a store that breaks leaves the old certificate as it was",
        arguments: [PortJournal.Call.reserveRenewal, .confirm]
    )
    func brokenStore(call: PortJournal.Call) async throws {
        let scene = RenewalRehearsal(PortJournal.Plan(calls: [call]))
        let old = try await scene.enroll()
        scene.clock.advance(seconds: RenewalRehearsal.due)
        let refusal = await #expect(throws: Refusal.self) {
            try await scene.service().renew(try scene.request(for: old))
        }
        #expect(refusal?.error.rule == PortJournal.rule)
        #expect(try await scene.store.certificate(old.serialNumber)?.state == .issued)
        #expect(try await scene.store.revocation(of: old.serialNumber) == nil)
        let id = try await scene.device(of: old)
        let device = try #require(try await scene.store.device(id))
        #expect(device.certificateSerial == old.serialNumber)
    }
}

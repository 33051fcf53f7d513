import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("A renewal")
struct RenewalServiceTests {
    /// Into the window of a certificate of a year.
    private static let due: Int64 = 310 * 86_400

    private static func act(_ verb: AdministrativeAct.Verb, _ number: UInt8 = 200) -> AdministrativeAct {
        AdministrativeAct(
            traceID: TraceID(random: [UInt8](repeating: number, count: TraceID.randomOctets)),
            verb: verb,
            actor: "h.jensen@desk",
            reason: "a test",
            ticket: nil,
            time: Timestamp(seconds: 1_810_000_000)
        )
    }

    @Test("gives the device a successor; both certificates are valid until the new one is seen")
    func renews() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: Self.due)
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
        scene.clock.advance(seconds: Self.due)
        _ = try await scene.service().renew(try scene.request(for: old))
        #expect(scene.journal.steps == [.candidate, .lookUp, .reserveRenewal, .confirm])
        let attempt = try #require(
            try await scene.store.attempt(TraceID(random: [UInt8](repeating: 100, count: TraceID.randomOctets)))
        )
        #expect(
            attempt.steps.map(\.name) == [
                "signature", "issuer", "standing", "user", "hold", "trial", "key", "reserve", "sign",
            ]
        )
    }

    @Test("carries only the authorities that the device is not known to have")
    func deliversMissingTrust() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: Self.due)
        // The enrollment's answer carried them, and a signature by its certificate's key shows that it arrived.
        let first = try await scene.service().renew(try scene.request(for: old))
        #expect(first.authorities.isEmpty)
        // As after a change of issuer.
        scene.rehearsal.authority.activate(
            ActiveIssuer(
                id: "2027-A",
                notAfter: scene.clock.now.adding(days: 2_000),
                authorities: [AuthorityCertificate(issuerID: "2027-A", der: [7], isRoot: false)]
                    + scene.rehearsal.authority.activeIssuer.authorities.suffix(1)
            )
        )
        scene.clock.advance(seconds: Self.due)
        let second = try await scene.service().renew(try scene.request(for: first.certificate, number: 101))
        #expect(second.authorities.map(\.issuerID) == ["2027-A"])
        scene.clock.advance(seconds: Self.due)
        let third = try await scene.service().renew(try scene.request(for: second.certificate, number: 102))
        #expect(third.authorities.isEmpty)
    }

    @Test("an answer lost three times leaves the old certificate good and one successor, until that one is seen")
    func lostAnswers() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: Self.due)
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

    /// One thing that is wrong, and the rule that says so.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let rule: String
        let code: EnrollmentError.Code
        var after = RenewalServiceTests.due
        var policy = RenewalPolicy()
        var groups: [GroupName] = []
        var prepare: @Sendable (RenewalRehearsal, IssuedCertificate) async throws -> Void = { _, _ in }
        var change: @Sendable (inout RenewalRehearsal.Departure) -> Void = { _ in }

        var testDescription: String { self.rule }
    }

    private static let wrongs: [Wrong] = [
        Wrong(rule: "renewal.early", code: .notEligibleToRenew, after: 300 * 86_400),
        Wrong(rule: "renewal.expired", code: .notEligibleToRenew, after: 366 * 86_400),
        Wrong(rule: "renewal.connection", code: .notEligibleToRenew, change: { $0.connection = .some(nil) }),
        Wrong(
            rule: "renewal.connection",
            code: .notEligibleToRenew,
            change: { $0.connection = [UInt8](repeating: 9, count: 32) }
        ),
        Wrong(rule: "renewal.device", code: .notEligibleToRenew, change: { $0.claimedID = "CLIENT-2" }),
        Wrong(
            rule: "renewal.key-reused",
            code: .certificateRequest,
            change: { $0.key = [0x30] + [UInt8](repeating: 1, count: 16) }
        ),
        Wrong(rule: "renewal.key-weaker", code: .certificateRequest, change: { $0.algorithm = .rsa(bits: 2_048) }),
        Wrong(
            rule: "directory.user-gone",
            code: .authorization,
            prepare: { scene, _ in
                scene.users.set(
                    .failure(EnrollmentError(.authorization, "Gone.", rule: "directory.user-gone"))
                )
            }
        ),
        Wrong(rule: "admission.groups", code: .authorization, groups: [GroupName("CN=Other,DC=corp,DC=example")]),
        Wrong(
            rule: "renewal.revoked",
            code: .notEligibleToRenew,
            prepare: { scene, old in
                _ = try await scene.store.revoke(
                    RevocationOrder(
                        serialNumbers: [old.serialNumber],
                        reason: .keyCompromise,
                        act: RenewalServiceTests.act(.revoke)
                    )
                )
            }
        ),
        Wrong(
            rule: "renewal.held",
            code: .notEligibleToRenew,
            prepare: { scene, old in
                let device = try await scene.device(of: old)
                _ = try await scene.store.hold(DeviceOrder(device: device, act: RenewalServiceTests.act(.hold)))
            }
        ),
        Wrong(
            rule: "renewal.revoked",
            code: .notEligibleToRenew,
            prepare: { scene, old in
                let device = try await scene.device(of: old)
                _ = try await scene.store.reset(DeviceOrder(device: device, act: RenewalServiceTests.act(.reset)))
            }
        ),
        Wrong(
            rule: "key.blocked",
            code: .certificateRequest,
            prepare: { scene, _ in
                let key = try JournaledAuthority.digestOfKey([0x30, 100] + [UInt8](repeating: 1, count: 15))
                _ = try await scene.store.blockKey(key, act: RenewalServiceTests.act(.blockKey))
            }
        ),
    ]

    @Test("is refused for each reason by a rule of its own, and leaves nothing behind", arguments: Self.wrongs)
    func refuses(wrong: Wrong) async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: wrong.after)
        try await wrong.prepare(scene, old)
        let refusal = await #expect(throws: Refusal.self) {
            try await scene.service(wrong.policy, groups: wrong.groups)
                .renew(try scene.request(for: old, wrong.change))
        }
        #expect(refusal?.error.rule == wrong.rule)
        #expect(refusal?.error.code == wrong.code)
        #expect(refusal?.recordingFailure == nil)
        let traceID = try #require(refusal?.attempt.traceID)
        let attempt = try #require(try await scene.store.attempt(traceID))
        #expect(attempt.outcome == .refused)
        #expect(attempt.rule == wrong.rule)
        #expect(attempt.device == (try await scene.device(of: old)))
        let certificates = try await scene.store.certificates(CertificateQuery(device: attempt.device)).elements
        #expect(certificates.map(\.serialNumber) == [old.serialNumber])
        #expect(scene.rehearsal.authority.signed.count == 1)
    }

    @Test("a certificate that is none of ours, and a message nobody signed, name no device")
    func unknownCertificate() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: Self.due)
        let foreign = IssuedCertificate(
            serialNumber: old.serialNumber,
            issuerID: old.issuerID,
            der: [1, 2, 3],
            thumbprint: [UInt8](repeating: 3, count: 32),
            windowsThumbprint: [],
            validity: old.validity
        )
        let unknown = await #expect(throws: Refusal.self) {
            try await scene.service().renew(try scene.request(for: foreign))
        }
        #expect(unknown?.error.rule == "renewal.issuer")
        #expect(unknown?.attempt.device == nil)
        let request = try scene.request(for: old, number: 101)
        let unsigned = RenewalRequest(
            traceID: request.traceID,
            signedRequest: [0],
            credential: nil,
            connectionThumbprint: nil,
            claims: request.claims,
            sourceAddress: "192.0.2.8"
        )
        let refusal = await #expect(throws: Refusal.self) { try await scene.service().renew(unsigned) }
        #expect(refusal?.error.rule == "renewal.signature")
        #expect(refusal?.attempt.device == nil)
    }

    @Test("of several things that are wrong the first in the standard's order is said")
    func firstReason() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: 100 * 86_400)
        scene.users.set(.failure(EnrollmentError(.authorization, "Gone.", rule: "directory.user-gone")))
        let all: (inout RenewalRehearsal.Departure) -> Void = {
            $0.connection = .some(nil)
            $0.claimedID = "CLIENT-2"
            $0.key = [0x30] + [UInt8](repeating: 1, count: 16)
        }
        let first = await #expect(throws: Refusal.self) {
            try await scene.service().renew(try scene.request(for: old, number: 100, all))
        }
        #expect(first?.error.rule == "renewal.connection")
        let second = await #expect(throws: Refusal.self) {
            try await scene.service(RenewalPolicy(proof: .signature)).renew(
                try scene.request(for: old, number: 101, all)
            )
        }
        #expect(second?.error.rule == "renewal.early")
        scene.clock.advance(seconds: 210 * 86_400)
        let third = await #expect(throws: Refusal.self) {
            try await scene.service(RenewalPolicy(proof: .signature)).renew(
                try scene.request(for: old, number: 102, all)
            )
        }
        #expect(third?.error.rule == "renewal.device")
        let id = try await scene.device(of: old)
        let device = try #require(try await scene.store.device(id))
        #expect(device.conflicts.contains { $0.contains("CLIENT-2") })
    }

    @Test("a user who was asked has to be the device's owner, and then needs no certificate in the connection")
    func manual() async throws {
        let scene = RenewalRehearsal()
        let old = try await scene.enroll()
        scene.clock.advance(seconds: Self.due)
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
        scene.clock.advance(seconds: Self.due)
        let hardware = try await scene.service().renew(
            try scene.request(for: enrolled) { $0.protection = .hardware }
        ).certificate
        scene.clock.advance(seconds: Self.due)
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

        let order = DeviceOrder(device: device, act: Self.act(.permit))
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
        scene.clock.advance(seconds: Self.due)
        let device = try await scene.device(of: old)
        let store = scene.store
        scene.ledger.beforeReservation {
            switch what {
            case "reset": _ = try await store.reset(DeviceOrder(device: device, act: Self.act(.reset)))
            case "hold": _ = try await store.hold(DeviceOrder(device: device, act: Self.act(.hold)))
            default:
                _ = try await store.revoke(
                    RevocationOrder(serialNumbers: [old.serialNumber], reason: .unspecified, act: Self.act(.revoke))
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
        scene.clock.advance(seconds: Self.due)
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
        scene.clock.advance(seconds: Self.due)
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

extension RenewalRehearsal {
    /// The device that holds the certificate.
    func device(of certificate: IssuedCertificate) async throws -> DeviceID {
        try #require(try await self.store.certificate(certificate.serialNumber)?.device)
    }
}

import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("A renewal, while issuers are rotated")
struct RenewalRotationTests {
    private static let former = "2026-A"
    private static let present = ActiveIssuer(
        id: "2027-A",
        notAfter: Timestamp(seconds: 2_100_000_000),
        authorities: [AuthorityCertificate(issuerID: "2027-A", der: Array("issuer".utf8), isRoot: false)]
    )

    /// A scene whose issuer gave way to another one in the ledger; the device has a certificate of the former.
    private static func scene() async throws -> (scene: RenewalRehearsal, certificate: IssuedCertificate) {
        let scene = RenewalRehearsal()
        let certificate = try await scene.enroll()
        for (id, state) in [(Self.former, IssuerRecord.State.active), (Self.present.id, .prepared)] {
            let prepared = try await scene.rehearsal.authority.prepare(Self.draft(of: id))
            let receipt = try await scene.store.recordIntent(prepared, at: scene.clock.now)
            let own = IssuedCertificate(
                serialNumber: receipt.serialNumber,
                issuerID: "R1",
                der: Array(id.utf8),
                thumbprint: Array(id.utf8),
                windowsThumbprint: Array(id.utf8),
                validity: prepared.draft.validity
            )
            let issuer = IssuerRecord(
                id: id,
                role: .issuing,
                state: state,
                signedBy: "R1",
                certificate: own.der,
                key: .sealed([1]),
                created: scene.clock.now
            )
            if state == .active {
                try await scene.store.confirmIssuer(issuer, certificate: own, receipt: receipt)
            } else {
                let act = RenewalRehearsal.act(.prepareIssuer)
                try await scene.store.confirmPrepared(issuer, certificate: own, receipt: receipt, act: act)
            }
        }
        let moves = [
            RotationChange.Move(id: Self.present.id, from: .prepared, to: .active),
            RotationChange.Move(id: Self.former, from: .active, to: .draining),
        ]
        try await scene.store.apply(
            RotationChange(verb: .activate, id: Self.present.id, moves: moves),
            announcing: [],
            by: RenewalRehearsal.act(.activateIssuer, 201)
        )
        return (scene, certificate)
    }

    private static func draft(of id: String) -> CertificateDraft {
        CertificateDraft(
            profile: ProfileName(name: "issuer", version: 1),
            serialNumber: SerialNumber(node: 9, random: Array((id + "----------").utf8.prefix(16))),
            issuerID: "R1",
            subject: [CertificateDraft.NameAttribute(.commonName, id)],
            validity: Validity(from: Timestamp(seconds: 1_790_000_000), backdatedBy: 0, days: 3_650, within: nil),
            publicKeyInfo: Array(id.utf8),
            role: .endEntity,
            keyUsage: .digitalSignature,
            purposes: [],
            alternativeNames: []
        )
    }

    @Test("is let through long before its window once the devices of its issuer are told to renew")
    func hurried() async throws {
        let (scene, certificate) = try await Self.scene()
        scene.rehearsal.authority.activate(Self.present)
        scene.clock.advance(seconds: 10 * 86_400)
        let early = await #expect(throws: Refusal.self) {
            try await scene.service().renew(try scene.request(for: certificate))
        }
        #expect(early?.error.rule == "renewal.early")
        try await scene.store.apply(
            RotationChange(verb: .drain, id: Self.former, moves: [], hurries: true),
            announcing: [],
            by: RenewalRehearsal.act(.drainIssuer, 202)
        )
        let renewal = try await scene.service().renew(try scene.request(for: certificate, number: 101))
        let new = try #require(try await scene.store.certificate(renewal.certificate.serialNumber))
        #expect(new.issuerID == Self.present.id)
        // What it has now is of another issuer, whose devices have time.
        let again = await #expect(throws: Refusal.self) {
            try await scene.service().renew(try scene.request(for: renewal.certificate, number: 102))
        }
        #expect(again?.error.rule == "renewal.early")
    }

    @Test("of a certificate that has ended is not let through for that")
    func ended() async throws {
        let (scene, certificate) = try await Self.scene()
        scene.rehearsal.authority.activate(Self.present)
        try await scene.store.apply(
            RotationChange(verb: .drain, id: Self.former, moves: [], hurries: true),
            announcing: [],
            by: RenewalRehearsal.act(.drainIssuer, 202)
        )
        scene.clock.advance(seconds: 400 * 86_400)
        let refusal = await #expect(throws: Refusal.self) {
            try await scene.service().renew(try scene.request(for: certificate))
        }
        #expect(refusal?.error.rule == "renewal.expired")
    }

    @Test("looks who signs by now when the ledger says that it has changed, and goes on; so does an enrollment")
    func refreshes() async throws {
        let (scene, certificate) = try await Self.scene()
        scene.clock.advance(seconds: RenewalRehearsal.due)
        let authority = scene.rehearsal.authority
        authority.activateAtRefresh(Self.present)
        #expect(try authority.activeIssuer.id == Self.former)
        let renewal = try await scene.service().renew(try scene.request(for: certificate))
        let new = try #require(try await scene.store.certificate(renewal.certificate.serialNumber))
        #expect(new.issuerID == Self.present.id)
        #expect(authority.signed.count { $0.draft.issuerID == Self.former } == 1)

        let (other, _) = try await Self.scene()
        other.rehearsal.authority.activateAtRefresh(Self.present)
        let enrollment = try await other.rehearsal.service().enroll(Rehearsal.request(device: 2))
        let second = try #require(try await other.store.certificate(enrollment.certificate.serialNumber))
        #expect(second.issuerID == Self.present.id)
    }

    @Test("while nobody signs, devices are told to come again, and nothing is recorded for them")
    func frozen() async throws {
        let (scene, certificate) = try await Self.scene()
        scene.clock.advance(seconds: RenewalRehearsal.due)
        let authority = scene.rehearsal.authority
        authority.freezeAtRefresh()
        let before = try await scene.store.certificates(CertificateQuery()).elements.count
        // The first one finds out by its reservation, the others at once.
        for number in 0..<2 {
            let refusal = await #expect(throws: Refusal.self) {
                try await scene.service().renew(try scene.request(for: certificate, number: UInt8(101 + number)))
            }
            #expect(refusal?.error.rule == "issuer.frozen")
            #expect(refusal?.error.code == .inMaintenance)
            let other = await #expect(throws: Refusal.self) {
                try await scene.rehearsal.service().enroll(Rehearsal.request(device: 2, trace: UInt8(60 + number)))
            }
            #expect(other?.error.rule == "issuer.frozen")
        }
        #expect(try await scene.store.certificates(CertificateQuery()).elements.count == before)
        #expect(authority.signed.count == 1)
    }
}

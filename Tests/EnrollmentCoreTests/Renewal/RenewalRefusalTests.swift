import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("A renewal that is refused")
struct RenewalRefusalTests {
    /// One thing that is wrong, and the rule that says so.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let rule: String
        let code: EnrollmentError.Code
        var after = RenewalRehearsal.due
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
                        act: RenewalRehearsal.act(.revoke)
                    )
                )
            }
        ),
        Wrong(
            rule: "renewal.held",
            code: .notEligibleToRenew,
            prepare: { scene, old in
                let device = try await scene.device(of: old)
                _ = try await scene.store.hold(DeviceOrder(device: device, act: RenewalRehearsal.act(.hold)))
            }
        ),
        Wrong(
            rule: "renewal.revoked",
            code: .notEligibleToRenew,
            prepare: { scene, old in
                let device = try await scene.device(of: old)
                _ = try await scene.store.reset(DeviceOrder(device: device, act: RenewalRehearsal.act(.reset)))
            }
        ),
        Wrong(
            rule: "key.blocked",
            code: .certificateRequest,
            prepare: { scene, _ in
                let key = try JournaledAuthority.digestOfKey([0x30, 100] + [UInt8](repeating: 1, count: 15))
                _ = try await scene.store.blockKey(key, act: RenewalRehearsal.act(.blockKey))
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
        scene.clock.advance(seconds: RenewalRehearsal.due)
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
}

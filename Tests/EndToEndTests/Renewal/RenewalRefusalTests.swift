import DeviceSimulator
import EnrollmentTestKit
import Testing

/// Rows of the matrix that honest messages make, sent by the wrong device, person or at the wrong time.
@Suite("Renewals that are refused", .timeLimit(.minutes(25)))
struct RenewalRefusalTests {
    private struct Row: Sendable {
        let what: String
        let fault: String
        let rule: String
        /// How the first device goes about it; the second is somebody else's.
        let plan: @Sendable (DeviceIdentity) throws -> RenewalPlan

        init(
            _ what: String,
            _ fault: String,
            _ rule: String,
            _ change: @escaping @Sendable (inout RenewalPlan, DeviceIdentity) throws -> Void
        ) {
            self.what = what
            self.fault = fault
            self.rule = rule
            self.plan = { other in
                var plan = RenewalPlan()
                try change(&plan, other)
                return plan
            }
        }
    }

    private static let rows: [Row] = [
        Row("the same key", RenewalVerdict.badRequest, "renewal.key-reused") { plan, _ in plan.newKey = .same },
        Row("a weaker key", RenewalVerdict.badRequest, "renewal.key-weaker") { plan, _ in
            plan.newKey = .fresh(.rsa(bits: 2048))
        },
        Row("another device's certificate in TLS", RenewalVerdict.notEligible, "renewal.connection") { plan, other in
            plan.presented = other
        },
        Row("no certificate in TLS", RenewalVerdict.notEligible, "renewal.connection") { plan, _ in
            plan.proof = .messageAlone
        },
        Row("signed by another device", RenewalVerdict.notEligible, "renewal.signer-certificate") { plan, other in
            plan.signer = other
        },
        Row("signed by another device, which names itself", RenewalVerdict.notEligible, "renewal.connection") {
            plan,
            other in
            plan.signer = other
            plan.form.namesCertificate = false
        },
        Row("another device in everything but its name", RenewalVerdict.notEligible, "renewal.device") { plan, other in
            plan.signer = other
            plan.presented = other
            plan.form.namesCertificate = false
        },
        Row("another person's password", RenewalVerdict.notEligible, "renewal.user") { plan, _ in
            plan.proof = RenewalPlan.manual("pat").proof
        },
        Row("a wrong password", "Authentication", "directory.password.wrong") { plan, _ in
            plan.proof = RenewalPlan.manual("kim", password: Person.wrongPassword).proof
        },
    ]

    @Test(
        "by the wrong device, person or key are refused, and the right ones are granted after all",
        arguments: StoreKind.allCases
    )
    func rows(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(.renewable, on: store) { gatehouse in
            var stronger = RenewalPlan()
            stronger.newKey = .fresh(.ecdsaP256)
            let device = try await gatehouse.renew(try await gatehouse.device(of: "kim"), stronger)
            let other = try await gatehouse.device(of: "zoe")
            let audit = StoreAudit(gatehouse.place)
            try await gatehouse.wait("the first is superseded") { try await audit.issued().count == 2 }
            for row in Self.rows {
                try await gatehouse.verdict(on: device, try row.plan(other))
                    .expect(row.fault, rule: row.rule, row.what, at: gatehouse.place)
            }
            var plan = RenewalPlan()
            plan.newKey = .prepared(device.key)
            try await gatehouse.verdict(on: other, plan)
                .expect(RenewalVerdict.badRequest, rule: "renewal.key-reused", "another's key", at: gatehouse.place)
            #expect(try await audit.issued().count == 2)
            // A certificate seen from two device ids raises an alarm about the device it was given to.
            #expect(try await audit.conflicts() == [other.entDMID])
            for identity in [device, other] { _ = try await gatehouse.renew(identity) }
            try await audit.expectSound()
        }
    }

    @Test("a person who may have no devices any more, or whom the directory has no more, keeps none alive")
    func users() async throws {
        let directory = try Slapd()
        try await RunningGatehouse.serve(.renewable, directory: directory) { gatehouse in
            let device = try await gatehouse.device(of: "lee")
            var settings = Place.Settings.renewable
            settings.admitted = ["staff"]
            try await gatehouse.reload(settings)
            for plan in [RenewalPlan(), RenewalPlan.manual("lee")] {
                try await gatehouse.verdict(on: device, plan)
                    .expect("Authorization", rule: "admission.groups", "not in the group", at: gatehouse.place)
            }
            try await gatehouse.reload(.renewable)
            let renewed = try await gatehouse.renew(device)

            try await directory.change(
                """
                dn: \(directory.person("lee"))
                changetype: delete

                """
            )
            try await gatehouse.verdict(on: renewed)
                .expect("Authorization", rule: "directory.user-gone", "gone", at: gatehouse.place)
            directory.stop()
            try await gatehouse.verdict(on: renewed)
                .expect("EnrollmentServer InMaintenance", rule: "directory.unreachable", "down", at: gatehouse.place)
        }
    }

    @Test("before its time a certificate is not renewed, and the refusal says when")
    func early() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let device = try await gatehouse.device(of: "kim")
            let verdict = try await gatehouse.verdict(on: device)
            try await verdict.expect(RenewalVerdict.notEligible, rule: "renewal.early", "early", at: gatehouse.place)
            let screen = try await gatehouse.place.command("attempt", "show", try #require(verdict.trace))
            #expect(screen.output.contains("opens"), "\(screen.output)")
            // The window is configuration, not the device's.
            try await gatehouse.reload(.renewable)
            _ = try await gatehouse.renew(device)
        }
    }

    @Test(
        "once the next certificate was seen, the one before renews no more; an answer may be lost three times before",
        arguments: StoreKind.allCases
    )
    func superseded(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(.renewable, on: store) { gatehouse in
            let device = try await gatehouse.device(of: "kim")
            var lost: Set<String> = []
            for _ in 1...3 {
                let renewed = try await gatehouse.outcome(of: device, losesAnswer: true).get()
                lost.insert(renewed.certificate.serialNumber)
            }
            #expect(lost.count == 3)
            let audit = StoreAudit(gatehouse.place)
            // The one the device has, and the last that it may yet come to have.
            #expect(try await audit.issued().count == 2)
            let renewed = try await gatehouse.renew(device, makesContact: false)
            #expect(try await audit.issued().count == 2)
            // Not seen yet: the answer might be lost once more.
            let latest = try await gatehouse.renew(device, makesContact: false)
            #expect(try await gatehouse.contact(latest).isGood)
            try await gatehouse.wait("superseded") { try await audit.issued().count == 1 }
            for old in [device, renewed] {
                try await gatehouse.verdict(on: old)
                    .expect(RenewalVerdict.notEligible, rule: "renewal.superseded", "old", at: gatehouse.place)
            }
            _ = try await gatehouse.renew(latest)
            #expect(try await gatehouse.place.devices().map(\.id) == [device.entDMID])
            try await audit.expectSound()
        }
    }
}

import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing

@Suite("Renewals in every form", .timeLimit(.minutes(25)))
struct RenewalFormTests {
    /// All sixteen ways to write an honest renewal.
    private static let forms: [RenewalForm] = RenewalForm.ValueType.allCases.flatMap { valueType in
        RenewalForm.Encoding.allCases.flatMap { encoding in
            [(true, true), (true, false), (false, true), (false, false)].map { names, wraps in
                var form = RenewalForm()
                form.valueType = valueType
                form.encoding = encoding
                form.namesCertificate = names
                form.wrapsManagementMessage = wraps
                return form
            }
        }
    }

    @Test(
        "are granted: each spelling, encoding and wrapping, by the device itself and with its user's password",
        arguments: StoreKind.allCases
    )
    func forms(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(.renewable, on: store) { gatehouse in
            var identity = try await gatehouse.device(of: "kim")
            let first = identity
            for (number, form) in Self.forms.enumerated() {
                var plan = number % 4 == 3 ? RenewalPlan.manual("kim") : RenewalPlan()
                plan.form = form
                let renewed = try await gatehouse.outcome(of: identity, plan).get()
                #expect(renewed.seenByServer?.hasPrefix("verified") == true, "\(form)")
                identity = renewed.identity
            }
            #expect(identity.renewals == 16)
            let audit = StoreAudit(gatehouse.place)
            try await gatehouse.wait("one certificate") { try await audit.issued().count == 1 }
            let devices = try await gatehouse.place.devices()
            #expect(devices.map(\.id) == [first.entDMID])
            #expect(devices.map(\.state) == ["active"])
            try await audit.expectSound()
        }
    }

    @Test("with an RSA key as Windows has it, and a certificate that convinces OpenSSL")
    func windows() async throws {
        try await RunningGatehouse.serve(.renewable) { gatehouse in
            let enrolled = try await gatehouse.simulation("kim").enroll()
            let before = try #require(enrolled.identity)
            let after = try await gatehouse.renew(before)
            let file = gatehouse.place.folder.appending(path: "renewed.pem")
            try Data(after.certificatePEM.utf8).write(to: file)
            let verdict = try await ExternalCommand.run(
                "openssl",
                ["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", gatehouse.place.rootFile.path]
                    + ["-untrusted", file.path, file.path]
            )
            #expect(verdict.status == 0, "\(verdict.output)")
        }
    }
}

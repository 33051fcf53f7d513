import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing
import X509Kit

@Suite("A certificate's whole life", .timeLimit(.minutes(25)))
struct WholeLifeTests {
    @Test(
        "enrolled, renewed, seen, held, resumed, reset, enrolled once more, retired: everybody is told the same",
        arguments: StoreKind.allCases
    )
    func life(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(.renewable, on: store) { gatehouse in
            let place = gatehouse.place
            let first = try await gatehouse.device(of: "kim", seed: 11)
            #expect(try await gatehouse.verifies(first) == nil)
            #expect(try await gatehouse.status(of: first) == .good)

            let second = try await gatehouse.renew(first, makesContact: false)
            #expect(try await gatehouse.status(of: first) == .good, "the new one may never have arrived")
            #expect(try await gatehouse.contact(second).isGood)
            try await gatehouse.expect(.superseded, of: first)
            #expect(try await gatehouse.status(of: second) == .good)
            #expect(try await gatehouse.verifies(second) == nil)

            try await place.order("hold", second, "lost")
            try await gatehouse.verdict(on: second)
                .expect(RenewalVerdict.notEligible, rule: "renewal.held", "held", at: place)
            try await gatehouse.expect(.certificateHold, of: second)
            try await place.order("resume", second, "found")
            try await gatehouse.wait(for: "good again") { try await gatehouse.status(of: second) == .good }
            try await gatehouse.wait(for: "off the CRL") { try await gatehouse.verifies(second) == nil }
            let third = try await gatehouse.renew(second)

            try await place.order("reset", third, "mainboard replaced")
            try await gatehouse.expect(.cessationOfOperation, of: third)
            try await gatehouse.verdict(on: third)
                .expect(RenewalVerdict.notEligible, rule: "renewal.revoked", "reset", at: place)
            #expect(try await place.user("kim@corp.example").counted == 0)

            let again = try await gatehouse.device(of: "kim", seed: 11)
            #expect(again.entDMID != first.entDMID)
            try await place.order("retire", again, "sold")
            try await gatehouse.verdict(on: again)
                .expect(RenewalVerdict.notEligible, rule: "renewal.revoked", "retired", at: place)
            // The permit was for one time.
            var simulation = try gatehouse.simulation("kim")
            simulation.seed = 11
            let refusal = try await simulation.fault().fault
            #expect(try await place.attempt(try #require(refusal.traceID)).rule == "device.permit")
            try await gatehouse.expect(.cessationOfOperation, of: again)
            try await StoreAudit(place).expectSound()
        }
    }

    @Test(
        "revoked by serial number, by thumbprint and as a device, a certificate renews no more, whoever asks",
        arguments: StoreKind.allCases
    )
    func revoked(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(.renewable, on: store) { gatehouse in
            let place = gatehouse.place
            for (uid, option) in [("kim", "--serial"), ("zoe", "--thumbprint"), ("pat", "--device")] {
                let device = try await gatehouse.device(of: uid)
                let value =
                    switch option {
                    case "--serial": try Certificate(der: device.certificate).hexadecimalSerial
                    case "--thumbprint": try await place.thumbprint(of: device)
                    default: device.entDMID
                    }
                let run = try await place.command(
                    "cert",
                    "revoke",
                    option,
                    value,
                    "--reason",
                    "a test",
                    "--revocation-reason",
                    "privilegeWithdrawn"
                )
                #expect(run.status == 0, "\(run.output)")
                for plan in [RenewalPlan(), .manual(uid)] {
                    try await gatehouse.verdict(on: device, plan)
                        .expect(RenewalVerdict.notEligible, rule: "renewal.revoked", option, at: place)
                }
                try await gatehouse.expect(.privilegeWithdrawn, of: device)
            }
        }
    }
}

extension Certificate {
    /// As commands take it.
    var hexadecimalSerial: String {
        self.serialNumber.map { octet in (octet < 16 ? "0" : "") + String(octet, radix: 16) }.joined()
    }
}

extension Place {
    /// Orders something for a device, which has to be done.
    func order(_ verb: String, _ device: DeviceIdentity, _ reason: String) async throws {
        let run = try await self.command("device", verb, device.entDMID, "--reason", reason)
        #expect(run.status == 0, "\(verb): \(run.output)")
    }

    /// SHA-256 over the certificate, as commands take it.
    func thumbprint(of device: DeviceIdentity) async throws -> String {
        let file = try self.files(of: device).leaf
        let outcome = try await ExternalCommand.run(
            "openssl",
            ["x509", "-in", file, "-noout", "-fingerprint", "-sha256"]
        )
        let text = outcome.output.split(separator: "=").last ?? ""
        return text.filter { $0.isHexDigit }.lowercased()
    }
}

extension RunningGatehouse {
    /// What `openssl verify -crl_check` has against the certificate, given the CRL that it names.
    ///
    /// - Returns: `nil` when it is content.
    func verifies(_ device: DeviceIdentity) async throws -> String? {
        let files = try self.place.files(of: device)
        let page = try await self.get(try await self.place.facts(of: device.certificate).crl)
        let list = try self.place.keep(page.body, as: "\(UUID().uuidString).crl")
        let outcome = try await ExternalCommand.run(
            "openssl",
            ["verify", "-crl_check", "-CAfile", self.place.rootFile.path, "-untrusted", files.issuer]
                + ["-CRLfile", list, files.leaf]
        )
        return outcome.status == 0 ? nil : outcome.output
    }

    /// Waits until answers and the CRL say that the certificate is revoked, for that reason, for a minute at most.
    ///
    /// - Parameters:
    ///   - reason: Why it was revoked.
    ///   - device: Whose it is.
    /// - Throws: When it does not come at all.
    func expect(
        _ reason: CRLReason,
        of device: DeviceIdentity
    ) async throws {
        try await self.wait(for: "revoked in OCSP") {
            guard case .revoked(_, let found)? = try await self.status(of: device) else { return false }
            #expect(found == reason)
            return true
        }
        let serial = try Certificate(der: device.certificate).serialNumber
        let address = try await self.place.facts(of: device.certificate).crl
        try await self.wait(for: "on the CRL") {
            let list = try CertificateRevocationList(der: try await self.get(address).body)
            var entries = list.entries.reader()
            while let entry = try entries.next() {
                guard entry.serialNumber.elementsEqual(serial) else { continue }
                #expect(entry.reason == reason.rawValue)
                return true
            }
            return false
        }
        #expect(try await self.verifies(device)?.contains("certificate revoked") == true)
    }
}

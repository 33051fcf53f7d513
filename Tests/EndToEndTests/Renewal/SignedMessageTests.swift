import DeviceSimulator
import EnrollmentTestKit
import Foundation
import OpenSSLKit
import Testing

/// Rows of the matrix whose message no honest client writes.
@Suite("Signed messages of renewals", .timeLimit(.minutes(25)))
struct SignedMessageTests {
    private struct Row: Sendable {
        let what: String
        let fault: String
        let rule: String
        /// The octets of the token, made by the device and a stranger who has a certificate of this authority too.
        let token: @Sendable (HandSignedRenewal, HandSignedRenewal) throws -> [UInt8]

        init(
            _ what: String,
            _ fault: String,
            _ rule: String,
            _ token: @escaping @Sendable (HandSignedRenewal, HandSignedRenewal) throws -> [UInt8]
        ) {
            self.what = what
            self.fault = fault
            self.rule = rule
            self.token = token
        }
    }

    private static let rows: [Row] = [
        Row("signed by another key", RenewalVerdict.notEligible, "renewal.signature") { device, _ in
            let content = try HandSignedRenewal.request().der
            var signer = try device.signer(over: content)
            signer.key = try SigningKey.generate(.ecdsaP256)
            var message = try device.message(around: content)
            message.signers = [try signer.signed()]
            return message.der
        },
        Row("two signers", RenewalVerdict.notEligible, "renewal.signers") { device, stranger in
            let content = try HandSignedRenewal.request().der
            var message = try device.message(around: content)
            message.certificates?.append(DERElement(stranger.device.certificate))
            message.signers.append(try stranger.signer(over: content).signed())
            return message.der
        },
        Row("no signer", RenewalVerdict.notEligible, "renewal.signers") { device, _ in
            var message = try device.message()
            message.signers = []
            return message.der
        },
        Row("another request inside than was signed", RenewalVerdict.notEligible, "renewal.signature") { device, _ in
            var message = try device.message()
            message.content = .octetString(try HandSignedRenewal.request().der)
            return message.der
        },
        Row("the signer's certificate is not there", RenewalVerdict.notEligible, "renewal.signer-certificate") {
            device,
            _ in
            var message = try device.message()
            message.certificates = nil
            return message.der
        },
        Row("another's certificate in place of the signer's", RenewalVerdict.notEligible, "renewal.signer-certificate")
        { device, stranger in
            var message = try device.message()
            message.certificates = [DERElement(stranger.device.certificate)]
            return message.der
        },
        Row("renews another's certificate", RenewalVerdict.notEligible, "renewal.signer-certificate") {
            device,
            stranger in
            try device.message(around: try HandSignedRenewal.request(renewing: stranger.device.certificate).der).der
        },
        Row("signed with SHA-1", RenewalVerdict.badRequest, "renewal.algorithm") { device, _ in
            let content = try HandSignedRenewal.request().der
            var signer = try device.signer(over: content)
            signer.digestAlgorithm = ForgedSigner.sha1
            var message = try device.message(around: content)
            message.signers = [try signer.signed()]
            return message.der
        },
        Row("a signature apart from what it signs", RenewalVerdict.badRequest, "renewal.message") { device, _ in
            var message = try device.message()
            message.content = nil
            return message.der
        },
        Row("a request without proof of the new key", RenewalVerdict.badRequest, "request.proof-of-possession") {
            device,
            _ in
            var request = try HandSignedRenewal.request()
            request.publicKeyInfo = DERElement(try SigningKey.generate(.ecdsaP256).publicKeyInfo)
            return try device.message(around: request.der).der
        },
        Row("no request inside", RenewalVerdict.badRequest, "request.malformed") { device, _ in
            try device.message(around: Array("good morning".utf8)).der
        },
        Row("a certificate that nobody issued", RenewalVerdict.notEligible, "renewal.issuer") { _, _ in
            let forger = try ForgedIdentity()
            let content = try HandSignedRenewal.request().der
            return ForgedSignedMessage(
                content,
                certificates: [forger.certificate],
                signers: [try ForgedSigner(forger, over: content).signed()]
            ).der
        },
        Row("no message at all", RenewalVerdict.badRequest, "renewal.message") { _, _ in [0x30, 0x03, 1, 2, 3] },
        Row("cut off", RenewalVerdict.badRequest, "renewal.message") { device, _ in
            try device.message().der.dropLast(9)
        },
        Row("without end", RenewalVerdict.badRequest, "renewal.message") { device, _ in
            [0x30, 0x80] + Array(try device.message().der.dropFirst(4)) + [0, 0]
        },
    ]

    @Test("that are not what an honest device signs are refused, each for its own reason, and harm nobody")
    func refused() async throws {
        try await RunningGatehouse.serve(.renewable) { gatehouse in
            let device = try HandSignedRenewal(try await gatehouse.device(of: "kim"))
            let stranger = try HandSignedRenewal(try await gatehouse.device(of: "zoe"))
            for row in Self.rows {
                let token = try row.token(device, stranger)
                try await gatehouse.verdict(on: token, device.claims, presenting: device.device)
                    .expect(row.fault, rule: row.rule, row.what, at: gatehouse.place)
            }
            let issued = try await StoreAudit(gatehouse.place).issued()
            #expect(issued.count == 2)
            let honest = try await gatehouse.verdict(
                on: try device.message().der,
                device.claims,
                presenting: device.device
            )
            #expect(honest.fault == nil)
            try await StoreAudit(gatehouse.place).expectSound()
        }
    }

    @Test("are read as both documents spell them, encoded once or twice, never three times")
    func encodings() async throws {
        try await RunningGatehouse.serve(.renewable) { gatehouse in
            let device = try HandSignedRenewal(try await gatehouse.device(of: "kim"))
            let once = Array(Data(try device.message().der).base64EncodedString().utf8)
            let twice = Array(Data(once).base64EncodedString().utf8)
            try await gatehouse.verdict(on: twice, device.claims, presenting: device.device)
                .expect(RenewalVerdict.badRequest, rule: "renewal.base64", "three times", at: gatehouse.place)
            var claims = device.claims
            claims.valueType = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment#PKCS10"
            try await gatehouse.verdict(on: try device.message().der, claims, presenting: device.device)
                .expect("MessageFormat", rule: "renewal.value-type", "a bare request", at: gatehouse.place)
            claims = device.claims
            claims.requestType = "Recovery"
            let recovery = try await gatehouse.verdict(on: once, claims, presenting: device.device)
            #expect(recovery.fault == RenewalVerdict.notEligible)
            let attempt = try await gatehouse.place.attempt(try #require(recovery.trace))
            #expect(attempt.rule == "enrollment.recovery")
            let granted = try await gatehouse.verdict(on: once, device.claims, presenting: device.device)
            #expect(granted.fault == nil)
        }
    }
}

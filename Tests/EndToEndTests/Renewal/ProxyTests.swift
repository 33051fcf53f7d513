import CurlKit
import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing

@Suite("Renewals behind a proxy that ends TLS", .timeLimit(.minutes(25)))
struct ProxyTests {
    /// How a proxy hands a certificate on.
    enum Field: String, Sendable, CaseIterable {
        case rfc9440
        case nginx

        func header(_ der: [UInt8]) -> CurlHeader {
            let text = Data(der).base64EncodedString()
            switch self {
            case .rfc9440: return CurlHeader("Client-Cert", ":\(text):")
            case .nginx:
                let pem = "-----BEGIN CERTIFICATE-----\n" + self.lines(text) + "-----END CERTIFICATE-----\n"
                var unreserved = CharacterSet.alphanumerics
                unreserved.insert(charactersIn: "-._~")
                return CurlHeader(
                    "X-SSL-Client-Cert",
                    pem.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
                )
            }
        }

        private func lines(_ text: String) -> String {
            stride(from: 0, to: text.count, by: 64).map { text.dropFirst($0).prefix(64) + "\n" }.joined()
        }
    }

    /// The test itself is the proxy when it is trusted: it connects from 127.0.0.1.
    private static func settings(_ proxies: String, renewal: String = "") -> Place.Settings {
        Place.Settings(more: "proxies: { \(proxies) }, renewal: { windowDays: 400, \(renewal) },")
    }

    private func verdict(
        on device: HandSignedRenewal,
        _ headers: [CurlHeader],
        at gatehouse: RunningGatehouse,
        presenting: DeviceIdentity? = nil
    ) async throws -> RenewalVerdict {
        let token = Data(try device.message().der).base64EncodedString()
        let message = Array(Message.renew(token, device.claims).utf8)
        let exchange = try Exchange(gatehouse, as: presenting)
        return RenewalVerdict(try await exchange.post(message, to: .enrollment, headers: headers))
    }

    @Test("the certificate that a trusted proxy hands on counts as shown, and only in the form that is configured")
    func trusted() async throws {
        try await RunningGatehouse.serve(.renewable) { gatehouse in
            let device = try HandSignedRenewal(try await gatehouse.device(of: "kim"))
            let other = try HandSignedRenewal(try await gatehouse.device(of: "zoe"))
            let place = gatehouse.place
            for field in Field.allCases {
                let (own, foreign) = (field.header(device.device.certificate), field.header(other.device.certificate))
                let proxies = "addresses: [\"127.0.0.0/8\"], clientCertificate: \"\(field)\""
                try await gatehouse.reload(Self.settings("\(proxies), sourceAddress: \"x-forwarded-for\""))
                let chain = CurlHeader("X-Forwarded-For", "198.51.100.1, 203.0.113.7")
                #expect(try await self.verdict(on: device, [own, chain], at: gatehouse).fault == nil, "\(field)")

                let another = Field.allCases.first { $0 != field } ?? field
                let refusals: [(String, [CurlHeader], DeviceIdentity?)] = [
                    ("another's certificate", [foreign], nil),
                    ("none", [], nil),
                    ("in another form", [another.header(device.device.certificate)], nil),
                    ("twice", [own, own], nil),
                    ("broken", [CurlHeader(own.name, "x" + own.value)], nil),
                    // The proxy's own connection speaks for the proxy.
                    ("in the proxy's connection", [], device.device),
                ]
                for (what, headers, presented) in refusals {
                    let verdict = try await self.verdict(
                        on: device,
                        headers + [chain],
                        at: gatehouse,
                        presenting: presented
                    )
                    try await verdict.expect(
                        RenewalVerdict.notEligible,
                        rule: "renewal.connection",
                        "\(field): \(what)",
                        at: place
                    )
                    let screen = try await place.command("attempt", "show", try #require(verdict.trace))
                    #expect(screen.output.contains("from 203.0.113.7"), "\(screen.output)")
                }
            }
            #expect(gatehouse.log.contains("a proxy's word about a client certificate cannot be used"))
        }
    }

    @Test("what anybody else says of certificates and addresses is not heard", arguments: Field.allCases)
    func untrusted(_ field: Field) async throws {
        try await RunningGatehouse.serve(.renewable) { gatehouse in
            let device = try HandSignedRenewal(try await gatehouse.device(of: "kim"))
            let own = field.header(device.device.certificate)
            let chain = CurlHeader("X-Forwarded-For", "203.0.113.7")
            let elsewhere = "addresses: [\"192.0.2.0/24\"], clientCertificate: \"\(field)\","
            for proxies in [nil, "\(elsewhere) sourceAddress: \"x-forwarded-for\""] {
                if let proxies { try await gatehouse.reload(Self.settings(proxies)) }
                let verdict = try await self.verdict(on: device, [own, chain], at: gatehouse)
                try await verdict.expect(
                    RenewalVerdict.notEligible,
                    rule: "renewal.connection",
                    proxies ?? "none",
                    at: gatehouse.place
                )
                let screen = try await gatehouse.place.command("attempt", "show", try #require(verdict.trace))
                #expect(screen.output.contains("from 127.0.0.1"), "\(screen.output)")
            }
            // And what it shows in its own connection is.
            #expect(try await self.verdict(on: device, [], at: gatehouse, presenting: device.device).fault == nil)
        }
    }

    @Test("where the signature is proof enough nothing else is asked for, and it is still the right device's signature")
    func signatureAlone() async throws {
        try await RunningGatehouse.serve(.renewable) { gatehouse in
            let identity = try await gatehouse.device(of: "kim")
            let other = try await gatehouse.device(of: "zoe")
            try await gatehouse.reload(
                Place.Settings(more: "renewal: { windowDays: 400, proof: \"signature\" },")
            )
            var plan = RenewalPlan()
            plan.proof = .messageAlone
            var foreign = plan
            foreign.signer = other
            foreign.form.namesCertificate = false
            try await gatehouse.verdict(on: identity, foreign)
                .expect(RenewalVerdict.notEligible, rule: "renewal.device", "another's", at: gatehouse.place)
            let renewed = try await gatehouse.renew(identity, plan)
            #expect(renewed.renewals == 1)
        }
    }
}

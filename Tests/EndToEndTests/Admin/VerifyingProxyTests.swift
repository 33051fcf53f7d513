import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing

@Suite("Look-ups behind proxies", .timeLimit(.minutes(25)))
struct VerifyingProxyTests {
    private static let settings = Place.Settings(
        more: "admin: { verifiers: [{ name: \"web\", addresses: [\"127.0.0.1\"], clientCertificate: \"nginx\" }] },",
        tellsStatus: true
    )

    @Test(
        "a page is for current certificates alone, held ones are out within two seconds, and nobody is in while we are away",
        arguments: StoreKind.allCases
    )
    func page(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(Self.settings, on: store) { gatehouse in
            let place = gatehouse.place
            let device = try await gatehouse.device(of: "kim")
            let own = try place.pair(of: device)
            let nginx = try await Nginx(asking: gatehouse, as: try await place.selfSigned("web"))

            let page = try await nginx.get(showing: own)
            #expect(page.status == 200, "\(page) \(nginx.log)")
            let words = page.body.split(separator: " ")
            #expect(words.last == "kim@corp.example", "\(page)")
            let id = try #require(words.first.map(String.init))
            #expect(UUID(uuidString: id) != nil)

            // Without a certificate, and with one that the client only says is its own.
            let text = Data(device.certificate).base64EncodedString()
            let escaped = try #require(
                Place.pem(device.certificate).addingPercentEncoding(withAllowedCharacters: .alphanumerics)
            )
            for more in [[], ["-H", "Client-Cert: :\(text):"], ["-H", "X-SSL-Client-Cert: \(escaped)"]] {
                #expect(try await nginx.get(showing: nil, more).status == 401)
            }
            let stranger = try await place.selfSigned("stranger")
            for more in [[], ["-H", "Client-Cert: :\(text):"], ["-H", "X-SSL-Client-Cert: \(escaped)"]] {
                #expect(try await nginx.get(showing: stranger, more).status == 403)
            }

            for (order, status) in [("hold", 403), ("resume", 200), ("retire", 403)] {
                let outcome = try await place.command(["device", order, id, "--reason", "a test"])
                #expect(outcome.status == 0, "\(outcome.output)")
                let begin = ContinuousClock.now
                try await gatehouse.wait(order) { try await nginx.get(showing: own).status == status }
                // What is promised are two seconds, of which a busy machine may not keep all.
                #expect(ContinuousClock.now - begin < .seconds(6))
            }

            let other = try place.pair(of: try await gatehouse.device(of: "zoe"))
            #expect(try await nginx.get(showing: other).status == 200)
            #expect(try await gatehouse.stop() == 0)
            #expect(try await nginx.get(showing: other).status == 500)
        }
    }

    @Test("the same behind HAProxy, with the certificate in the field of RFC 9440")
    func haproxy() async throws {
        var settings = Self.settings
        settings.more = settings.more.replacing("nginx", with: "rfc9440")
        try await RunningGatehouse.serve(settings) { gatehouse in
            let place = gatehouse.place
            let device = try await gatehouse.device(of: "kim")
            let own = try place.pair(of: device)
            let proxy = try await HAProxy(asking: gatehouse, as: try await place.selfSigned("web"))
            let page = try await proxy.get(showing: own)
            #expect(page.status == 200, "\(page) \(proxy.log)")
            let id = try #require(page.body.split(separator: " ").first.map(String.init))
            #expect(page.body == "\(id) kim@corp.example")
            let forged = ["-H", "Client-Cert: :\(Data(device.certificate).base64EncodedString()):"]
            for more in [[], forged, ["-H", "Device: \(id)"]] {
                #expect(try await proxy.get(showing: nil, more).status == 401)
                #expect(try await proxy.get(showing: try await place.selfSigned("stranger"), more).status == 403)
            }
            _ = try await place.command(["device", "hold", id, "--reason", "a test"])
            try await gatehouse.wait("held") { try await proxy.get(showing: own).status == 403 }
            #expect(try await gatehouse.stop() == 0)
            #expect(try await proxy.get(showing: own).status == 403)
        }
    }

    @Test("who is no verifier is refused, whatever certificate it hands on")
    func nobody() async throws {
        try await RunningGatehouse.serve(
            Place.Settings(more: "admin: { failuresPerMinute: 100000 },", tellsStatus: true)
        ) { gatehouse in
            let device = try await gatehouse.device(of: "kim")
            let own = try gatehouse.place.pair(of: device)
            let nginx = try await Nginx(asking: gatehouse, as: try await gatehouse.place.selfSigned("web"))
            #expect(try await nginx.get(showing: own).status == 401)
            // With a token, and still from an address whose word about certificates does not count.
            let client = try await gatehouse.client("identities:read")
            let header = "Client-Cert: :\(Data(device.certificate).base64EncodedString()):"
            let answer = try await client.get("/verify", ["-H", header])
            #expect(answer.status == 401)
            #expect(answer.headers["www-authenticate"]?.hasPrefix("Certificate") == true)
        }
    }
}

import AdminAPI
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing

@Suite("Asking on behalf of a proxy")
struct VerifyTests {
    private static let certificate: [UInt8] = [0x30, 0x03, 0x02, 0x01, 0x05]

    private static func facts(_ vouching: Vouching, isVerifier: Bool = true) -> Rig.Facts {
        Rig.Facts(isVerifier: isVerifier, vouching: vouching)
    }

    private static func rig(_ record: (IdentityRecord) -> IdentityRecord = { $0 }) async throws -> Rig {
        let rig = try await Rig()
        let sample = record(Sample.identity(1, user: "Jörg 100% <j@corp.example>\r\nX: y"))
        let thumbprint = try Digest.sha256(Self.certificate)
        rig.ledger.set { $0.identities[thumbprint] = sample }
        return rig
    }

    @Test("a current certificate is 200 and tells whose it is, in header fields that hold no more than they should")
    func current() async throws {
        let rig = try await Self.rig()
        for _ in 0..<2 {
            let answer = await rig.answer(rig.request("GET", "/verify", facts: Self.facts(.shown(Self.certificate))))
            #expect(answer.status == 200)
            #expect(answer["Gatehouse-Identity"] == "current")
            #expect(answer["Gatehouse-Device"] == "\(Sample.deviceID(1))")
            #expect(answer["Gatehouse-Serial"] == "\(Sample.serial(1))")
            #expect(answer["Gatehouse-User"] == "J%C3%B6rg%20100%25%20<j@corp.example>%0D%0AX:%20y")
            #expect(answer.text.isEmpty)
        }
        #expect(rig.ledger.reads == 1)
    }

    @Test("any other certificate is 403 and says what it is")
    func others() async throws {
        let rig = try await Self.rig { _ in Sample.identity(1, state: .superseded, reason: .superseded) }
        let shown = await rig.answer(rig.request("GET", "/verify", facts: Self.facts(.shown(Self.certificate))))
        #expect(shown.status == 403)
        #expect(shown["Gatehouse-Identity"] == "superseded")
        #expect(shown["Gatehouse-Device"] != nil)
        for vouching in [Vouching.shown([0x30, 0x00]), .unusable("two of them")] {
            let answer = await rig.answer(rig.request("GET", "/verify", facts: Self.facts(vouching)))
            #expect(answer.status == 403)
            #expect(answer["Gatehouse-Identity"] == "unknown")
            #expect(answer["Gatehouse-Device"] == nil)
        }
    }

    @Test("no certificate is 401, and says that one is wanted")
    func none() async throws {
        let rig = try await Self.rig()
        let answer = await rig.answer(rig.request("GET", "/verify", facts: Self.facts(.none)))
        #expect(answer.status == 401)
        #expect(answer["WWW-Authenticate"]?.hasPrefix("Certificate") == true)
    }

    @Test(
        "whatever the method and whatever follows the path, as Envoy sends it, the answer is the same",
        arguments: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    )
    func methods(method: String) async throws {
        let rig = try await Self.rig()
        for path in ["/verify", "/verify/", "/verify/shop/carts/7", "/verify//x"] {
            let request = rig.request(method, path, query: "a=1&a=2&b", facts: Self.facts(.shown(Self.certificate)))
            #expect(await rig.answer(request).status == 200, "\(path)")
        }
        let elsewhere = rig.request(method, "/verifying", facts: Self.facts(.shown(Self.certificate)))
        #expect(await rig.answer(elsewhere).status == 404)
    }

    @Test("who is no verifier needs a token, and an error of ours is no permission")
    func strangers() async throws {
        let rig = try await Self.rig()
        var facts = Self.facts(.shown(Self.certificate), isVerifier: false)
        #expect(await rig.answer(rig.request("GET", "/verify", facts: facts)).status == 401)
        facts.fields["Authorization"] = [rig.bearer(.readEvents)]
        #expect(await rig.answer(rig.request("GET", "/verify", facts: facts)).status == 403)
        rig.ledger.set { $0.isAway = true }
        facts.fields["Authorization"] = [rig.bearer(.readIdentities)]
        #expect(await rig.answer(rig.request("GET", "/verify", facts: facts)).status == 503)
        rig.ledger.set { $0.isAway = false }
        #expect(await rig.answer(rig.request("GET", "/verify", facts: facts)).status == 200)
    }
}

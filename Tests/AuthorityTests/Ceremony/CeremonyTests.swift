import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("Ceremony with an offline root", .timeLimit(.minutes(25)))
struct CeremonyTests {
    private static func rule(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? EnrollmentError)?.rule
        }
    }

    @Test(
        "asked for, signed and taken in, the issuer signs and its root's CRL is published",
        arguments: [KeyType.ecdsaP384, .ecdsaP256, .rsa(bits: 2_048), .ed25519]
    )
    func wholeWay(root: KeyType) async throws {
        let scene = try await CeremonyScene(root: root)
        let asked = try await scene.ask()
        let waiting = try #require(try await scene.ledger.ceremonies().first)
        #expect(waiting.state == .open)
        #expect(waiting.key.place == "sealed")
        let intents = try await scene.ledger.certificates(CertificateQuery(state: .intent, limit: 9)).elements
        #expect(intents.map(\.toBeSigned) == [asked.request.items[0].toBeSigned])
        let taken = try await scene.take(try await scene.answer(asked.file))
        #expect(taken.outcome == .imported)
        let issuers = try await scene.ledger.issuers()
        #expect(issuers.map(\.id) == ["R1", "2026-A"])
        #expect(issuers.map(\.state) == [.active, .active])
        #expect(issuers.map(\.key.place) == ["offline", "sealed"])
        let authority = try LocalAuthority(records: issuers, keys: scene.vault)
        #expect(authority.activeIssuer.authorities.map(\.der) == [issuers[1].certificate, issuers[0].certificate])
        let shard = CRLShard(issuerID: "R1", number: try #require(taken.lists.first))
        let crl = try #require(try await scene.ledger.crl(of: shard))
        #expect(crl.facts.nextUpdate == StoppedClock().now.adding(days: 90))
        #expect(try await scene.ledger.serviceCertificate(for: "tls") != nil)
        let ended = try #require(try await scene.ledger.ceremonies().first)
        #expect(ended.state == .imported)
        #expect(ended.key == .destroyed)
    }

    @Test("the new issuer's certificate names its root's CRL and no OCSP responder")
    func locations() async throws {
        let scene = try await CeremonyScene()
        let text = try await scene.ask().file
        #expect(text.contains("http://pki.contoso.example/pki/crl/R1/"))
        #expect(text.contains("issuer http://pki.contoso.example/pki/issuer/R1.cer"))
        #expect(!text.contains("OCSP http"))
    }

    @Test("a second import says that there is nothing to do")
    func twice() async throws {
        let scene = try await CeremonyScene()
        let answer = try await scene.answer(try await scene.ask().file)
        _ = try await scene.take(answer)
        let before = try await scene.ledger.issuers()
        #expect(try await scene.take(answer).outcome == .already)
        #expect(try await scene.ledger.issuers() == before)
    }

    @Test("another issuing authority is vouched for by the active one, and is prepared")
    func another() async throws {
        let scene = try await CeremonyScene()
        _ = try await scene.take(try await scene.answer(try await scene.ask().file))
        let asked = try await scene.ask("2026-B", as: .issuing)
        #expect(asked.request.attestation != nil)
        #expect(asked.file.contains("signed by CN=Contoso Issuing 2026-A"))
        let taken = try await scene.take(try await scene.answer(asked.file))
        #expect(taken.outcome == .imported)
        #expect(try await scene.ledger.issuers().last?.state == .prepared)
    }

    @Test("CRLs of the root come by a ceremony of their own, with what was revoked")
    func lists() async throws {
        let scene = try await CeremonyScene()
        let taken = try await scene.take(try await scene.answer(try await scene.ask().file))
        let serial = try #require(taken.certificate).serialNumber
        let order = RevocationOrder(serialNumbers: [serial], reason: .superseded, act: try CeremonyScene.act(.revoke))
        _ = try await scene.ledger.revoke(order)
        let asked = try await scene.service.askForLists(
            of: "R1",
            days: 30,
            keys: scene.vault,
            act: try CeremonyScene.act()
        )
        #expect(asked.file.contains("revoked       \(Hexadecimal.encode(serial.octets))"))
        let published = try await scene.take(try await scene.answer(asked.file))
        let shard = CRLShard(issuerID: "R1", number: try #require(published.lists.first))
        #expect(try await scene.ledger.crl(of: shard)?.facts.entryCount == 1)
    }

    @Test("a request with any symbol changed is refused")
    func alteredRequest() async throws {
        let scene = try await CeremonyScene(root: .ecdsaP256)
        let file = Array(try await scene.ask().file.utf8)
        let root = try scene.opened()
        for index in file.indices {
            var altered = file
            altered[index] ^= 1
            #expect(throws: EnrollmentError.self, "octet \(index)") {
                try root.judge(try CeremonyFile.request(in: altered))
            }
        }
        for cut in [0, 1, file.count / 2, file.count - 1] {
            #expect(throws: EnrollmentError.self) { try CeremonyFile.request(in: Array(file[..<cut])) }
        }
        #expect(throws: EnrollmentError.self) { try CeremonyFile.request(in: file + [10]) }
    }

    @Test("an answer with any symbol changed is refused, and leaves the ceremony open")
    func alteredAnswer() async throws {
        let scene = try await CeremonyScene(root: .ecdsaP256)
        let answer = try await scene.answer(try await scene.ask().file)
        for index in answer.indices {
            var altered = answer
            altered[index] ^= 1
            let rule = await Self.rule { _ = try await scene.service.examine(altered) }
            #expect(rule != nil, "octet \(index)")
        }
        #expect(try await scene.ledger.ceremonies().first?.state == .open)
        #expect(try await scene.take(answer).outcome == .imported)
    }

    @Test("the answer to another request is refused, also one under the same id")
    func otherRequest() async throws {
        let (scene, stranger) = (try await CeremonyScene(), try await CeremonyScene())
        let foreign = try await stranger.answer(try await stranger.ask().file)
        #expect(await Self.rule { _ = try await scene.take(foreign) } == "ceremony.unknown")
        let asked = try await scene.ask()
        var other = asked.request
        other.reason = "something else"
        // The possession is of the request as it left; whoever changes it cannot prove it again.
        #expect(await Self.rule { try scene.opened().judge(other) } == "ceremony.possession")
        let key = HeldKey(try SigningKey.generate(.ecdsaP256))
        try await other.prove(by: key)
        #expect(await Self.rule { try scene.opened().judge(other) } == "ceremony.possession")
        // CRLs alone prove no key: the root would sign them, and the answer still is not for what was asked.
        other.items = other.items.filter { $0.content != .certificate }
        other.kind = .crl
        let response = try await scene.opened().sign(other, actor: "x", now: StoppedClock().now)
        let file = Array(try CeremonyFile.encode(response).utf8)
        #expect(await Self.rule { _ = try await scene.take(file) } == "ceremony.other-request")
    }

    @Test("a withdrawn ceremony takes no answer, and its id is asked for anew")
    func withdrawn() async throws {
        let scene = try await CeremonyScene()
        let asked = try await scene.ask()
        #expect(await Self.rule { _ = try await scene.ask() } == "ceremony.open")
        let answer = try await scene.answer(asked.file)
        let act = try CeremonyScene.act(.withdrawCeremony)
        #expect(try await scene.ledger.closeCeremony(asked.request.id, as: .withdrawn, act: act))
        #expect(await Self.rule { _ = try await scene.take(answer) } == "ceremony.withdrawn")
        #expect(try await scene.ledger.issuers().map(\.id) == ["R1"])
        let again = try await scene.ask()
        #expect(try await scene.take(try await scene.answer(again.file)).outcome == .imported)
    }

    @Test("another root refuses the request, even one of the same id and name")
    func otherRoot() async throws {
        let scene = try await CeremonyScene()
        let request = try await scene.ask().request
        let (other, _) = try await CeremonyScene.makeRoot()
        let opened = try other.open(passphrase: CeremonyScene.passphrase, shares: [])
        #expect(await Self.rule { try opened.judge(request) } == "ceremony.other-root")
    }

    @Test("nothing is asked for below which more could follow than the root allows")
    func pathLength() async throws {
        let scene = try await CeremonyScene()
        let deeper = try ProfileFile.parse(
            """
            { name: "issuing", version: 2, role: "issuing", validityDays: 1826, pathLength: 2,
              keyUsage: ["digitalSignature", "keyCertSign", "cRLSign"],
              purposes: ["clientAuth", "serverAuth", "ocspSigning"] }
            """,
            file: "deeper.json5"
        )
        let order = CeremonyService.Order(
            id: "2026-A",
            organization: "Contoso",
            key: .ecdsaP256,
            profile: deeper,
            listDays: 90
        )
        let rule = await Self.rule {
            _ = try await scene.service.askForIssuer(
                order,
                as: .founding,
                keys: scene.vault,
                act: try CeremonyScene.act()
            )
        }
        #expect(rule == "lint.basic-constraints.depth-allowed")
    }

    @Test("a split root opens with enough shares, and with no passphrase")
    func split() async throws {
        let scene = try await CeremonyScene(protection: .shares(threshold: 2, count: 3))
        let request = try await scene.ask().request
        #expect(throws: EnrollmentError.self) {
            try scene.root.open(passphrase: CeremonyScene.passphrase, shares: [scene.shares[0]])
        }
        let opened = try scene.root.open(passphrase: nil, shares: [scene.shares[2], scene.shares[0]])
        let response = try await opened.sign(request, actor: "pat@vault", now: StoppedClock().now)
        let file = Array(try CeremonyFile.encode(response).utf8)
        #expect(try await scene.take(file).outcome == .imported)
    }

    @Test("an offline root's folder opens with its passphrase alone")
    func keyFile() async throws {
        let (root, _) = try await CeremonyScene.makeRoot()
        let again = try OfflineRoot(certificate: root.certificate, keyFile: Array(root.keyFile.utf8))
        #expect(again.id == "R1")
        _ = try again.open(passphrase: CeremonyScene.passphrase, shares: [])
        #expect(
            await Self.rule { _ = try again.open(passphrase: Redacted([1]), shares: []) } == "vault.passphrase"
        )
        let (other, _) = try await CeremonyScene.makeRoot()
        let mixed = try OfflineRoot(certificate: other.certificate, keyFile: Array(root.keyFile.utf8))
        let rule = await Self.rule { _ = try mixed.open(passphrase: CeremonyScene.passphrase, shares: []) }
        #expect(rule == "issuer.key-matches")
    }

    @Test("a certificate that is no sound root is not adopted")
    func unsoundRoot() async throws {
        let scene = try await CeremonyScene()
        let issued = try #require(try await scene.take(try await scene.answer(try await scene.ask().file)).certificate)
        let profile = try ShippedProfile.read("root")
        let rule = await Self.rule { _ = try await scene.service.adopt(root: issued.der, id: "R2", profile: profile) }
        #expect(rule == "ceremony.root")
    }
}

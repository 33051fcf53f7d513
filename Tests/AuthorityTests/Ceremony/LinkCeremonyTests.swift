import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("Links between roots that are elsewhere")
struct LinkCeremonyTests {
    /// A place below the offline root R1, another root beside it, and the services of key rotation.
    private struct Scene {
        let place: CeremonyScene
        let next: OfflineRoot
        let rotation: RotationService
        let clock = StoppedClock()

        init() async throws {
            self.place = try await CeremonyScene()
            _ = try await self.place.take(try await self.place.answer(try await self.place.ask().file))
            self.next = try await CeremonyScene.makeRoot(id: "R2").0
            self.rotation = try RotationRig.service(over: self.place.ledger, self.place.vault, self.clock)
        }

        func admit() async throws {
            _ = try await self.rotation.admit(
                root: self.next.certificate,
                id: "R2",
                by: try CeremonyScene.act(.prepareIssuer)
            )
        }

        func perform(_ verb: RotationVerb, _ id: String) async throws {
            try await self.rotation.perform(verb, id, by: try CeremonyScene.act(verb.act))
        }

        func links() async throws -> [CeremonyService.Link] {
            try await CeremonyService.links(to: "R2", in: self.place.ledger)
        }

        func ask(_ link: CeremonyService.Link) async throws -> CeremonyService.Asked {
            try await self.place.service.ask(
                for: link,
                to: "R2",
                profile: try ShippedProfile.read("root"),
                listDays: 30,
                keys: self.place.vault,
                act: try CeremonyScene.act(.askCeremony)
            )
        }

        func answer(_ file: String, by root: OfflineRoot) async throws -> [UInt8] {
            let request = try CeremonyFile.request(in: Array(file.utf8))
            let opened = try root.open(passphrase: CeremonyScene.passphrase, shares: [])
            let response = try await opened.sign(request, actor: "pat@vault", now: self.clock.now)
            return Array(try CeremonyFile.encode(response).utf8)
        }

        func root(_ id: String) -> OfflineRoot { id == "R1" ? self.place.root : self.next }
    }

    private static func rule(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? EnrollmentError)?.rule
        }
    }

    @Test("both are asked for, come back, and the new root is published with them")
    func both() async throws {
        let scene = try await Scene()
        try await scene.admit()
        #expect(try await scene.links().map(\.standing) == [.missing, .missing])
        #expect(await Self.rule { try await scene.perform(.publish, "R2") } == "rotation.link-missing")
        for link in try await scene.links() {
            let asked = try await scene.ask(link)
            #expect(try await scene.links().contains { $0.standing == .asked(asked.request.id) })
            let taken = try await scene.place.take(
                try await scene.answer(asked.file, by: scene.root(link.signer.id))
            )
            #expect(taken.outcome == .imported)
            #expect(!taken.lists.isEmpty)
        }
        #expect(try await scene.links().map(\.standing) == [.made, .made])
        try await scene.perform(.publish, "R2")
        let issuers = try await scene.place.ledger.issuers()
        let links = LinkSelection(try await scene.place.ledger.links(), among: issuers)
        let link = try #require(links.to("R2").first)
        let certificate = try Certificate(der: link.certificate)
        let former = try Certificate(der: scene.place.root.certificate)
        #expect(certificate.issuer == former.subject)
        #expect(certificate.publicKeyInfo == (try Certificate(der: scene.next.certificate)).publicKeyInfo)
        #expect(
            try VerifyingKey(publicKeyInfo: former.publicKeyInfo)
                .verifies(
                    certificate.signature,
                    over: certificate.toBeSigned,
                    with: KeyType.ecdsaP384.signatureAlgorithm
                )
        )
    }

    @Test("a crash between intent and confirmation is gone on with")
    func admittedAgain() async throws {
        let scene = try await Scene()
        let store = FailingStore(scene.place.ledger)
        let rotation = try RotationRig.service(over: store, scene.place.vault, scene.clock)
        let act = try CeremonyScene.act(.prepareIssuer)
        store.fail(at: 1)
        #expect(
            await Self.rule { _ = try await rotation.admit(root: scene.next.certificate, id: "R2", by: act) } != nil
        )
        #expect(try await scene.place.ledger.issuers().allSatisfy { $0.id != "R2" })
        let root = try await rotation.admit(root: scene.next.certificate, id: "R2", by: act)
        #expect(root.state == .prepared)
        #expect(root.key == .offline)
    }

    @Test("a root is known by the id that its own machine gave it, and by no other")
    func ownID() async throws {
        let scene = try await Scene()
        #expect(try OfflineRootCertificate.id(in: scene.next.certificate) == "R2")
        let rule = await Self.rule {
            let act = try CeremonyScene.act(.prepareIssuer)
            _ = try await scene.rotation.admit(root: scene.next.certificate, id: "R3", by: act)
        }
        #expect(rule == "ceremony.root-id")
    }

    @Test("a link to a key that did not sign its own certificate is refused by the root's machine")
    func otherKey() async throws {
        let scene = try await Scene()
        try await scene.admit()
        let link = try #require(try await scene.links().first)
        let asked = try await scene.ask(link)
        let opened = try scene.place.opened()
        try opened.judge(asked.request)
        var other = asked.request
        other.show(try await scene.place.ledger.issuers()[0])
        #expect(await Self.rule { try opened.judge(other) } == "ceremony.possession")
        other.possession = nil
        #expect(await Self.rule { try opened.judge(other) } == "ceremony.possession")
    }

    @Test("aborting the new root withdraws what was asked for, and its answer is not taken in")
    func aborted() async throws {
        let scene = try await Scene()
        try await scene.admit()
        let link = try #require(try await scene.links().first)
        let asked = try await scene.ask(link)
        let answer = try await scene.answer(asked.file, by: scene.root(link.signer.id))
        try await scene.perform(.abort, "R2")
        #expect(try await scene.place.ledger.ceremonies().last?.state == .withdrawn)
        #expect(await Self.rule { _ = try await scene.place.take(answer) } == "ceremony.withdrawn")
        #expect(try await scene.place.ledger.links().isEmpty)
    }

    @Test("what a root that is compromised by now signed is not taken in")
    func compromised() async throws {
        let scene = try await Scene()
        let asked = try await scene.place.ask("2026-B", as: .issuing)
        let answer = try await scene.place.answer(asked.file)
        try await scene.admit()
        for link in try await scene.links() {
            let request = try await scene.ask(link)
            _ = try await scene.place.take(try await scene.answer(request.file, by: scene.root(link.signer.id)))
        }
        try await scene.perform(.publish, "R2")
        try await scene.rotation.perform(
            .activate,
            "R2",
            by: try CeremonyScene.act(.activateIssuer),
            overriding: "no devices"
        )
        #expect(await Self.rule { _ = try await scene.place.take(answer) } == "ceremony.root-state")
        #expect(try await scene.place.ledger.issuers().allSatisfy { $0.id != "2026-B" })
    }

    @Test("nobody is asked to sign for a root whose key is here")
    func atHand() async throws {
        let rig = try await RotationRig()
        let service = CeremonyService(
            ledger: rig.store,
            vault: rig.founding.vault,
            clock: rig.clock,
            random: OpenSSLRandomSource(),
            addresses: Founding.addresses,
            node: 1
        )
        let root = try #require(try await rig.founding.ledger.issuers().first { $0.role == .root })
        let rule = await Self.rule {
            _ = try await service.askForLists(
                of: root.id,
                days: 30,
                keys: rig.founding.vault,
                act: try CeremonyScene.act(.askCeremony)
            )
        }
        #expect(rule == "ceremony.at-hand")
        #expect(rig.store.calls == 0)
    }
}

import EnrollmentTestKit
import Foundation
import Testing

@Suite("With --json, standard output is one document that its schema describes", .timeLimit(.minutes(25)))
struct CommandLineDocumentTests {
    private func document(_ name: String, _ place: CommandPlace, _ arguments: [String]) async throws -> JSONDocument {
        let run = try await place.run(arguments + ["--json", "--config", place.configuration])
        #expect(run.status == 0, "\(run.errors)")
        return try self.judged(name, run)
    }

    private func judged(_ name: String, _ run: CommandPlace.Run) throws -> JSONDocument {
        let document = try JSONDocument(parsing: run.output)
        #expect(try DocumentSchema(name).findings(in: document) == [])
        #expect(document["schema"]?.text == "gatehouse.\(name)/1")
        return document
    }

    @Test("of a place where a device enrolled and another was refused")
    func enrolled() async throws {
        let enrolled = try await EnrolledPlace.make()
        let place = enrolled.place
        #expect(enrolled.accepted.status == 0, "\(enrolled.accepted.output)")
        let accepted = try self.judged("simulation", enrolled.accepted)
        #expect(accepted["outcomes"]?[0]?["enrolled"] == .boolean(true))
        #expect(enrolled.refused.status == 1)
        let refused = try self.judged("simulation", enrolled.refused)
        let trace = try #require(refused["outcomes"]?[0]?["trace"]?.text)
        let id = try #require(accepted["outcomes"]?[0]?["device"]?.text)
        let serial = try #require(accepted["outcomes"]?[0]?["serialNumber"]?.text)

        let devices = try await self.document("device-list", place, ["device", "list"])
        #expect(devices["devices"]?[0]?["id"]?.text == id)
        // The device showed its certificate in TLS, which is first contact.
        #expect(devices["devices"]?[0]?["state"]?.text == "active")
        for name in [id, String(id.prefix(8))] {
            let device = try await self.document("device", place, ["device", "show", name])
            #expect(device["device"] == devices["devices"]?[0])
            #expect(device["certificates"]?.count == 1)
            #expect((device["attempts"]?.count ?? 0) >= 1)
        }
        let certificate = try await self.document("cert", place, ["cert", "show", serial])
        #expect(certificate["certificate"]?["device"]?.text == id)
        #expect(try await self.document("cert", place, ["cert", "show", serial, "--pem"]) == certificate)
        let thumbprint = try #require(certificate["certificate"]?["sha256"]?.text)
        #expect(try await self.document("cert", place, ["cert", "show", thumbprint]) == certificate)
        let user = try await self.document("user", place, ["user", "show", "kim@corp.example"])
        #expect(user["counted"] == .number(1))
        #expect(user["devices"]?[0]?["device"] == devices["devices"]?[0])
        let attempt = try await self.document("attempt", place, ["attempt", "show", trace.lowercased()])
        #expect(attempt["attempt"]?["outcome"]?.text == "refused")
        #expect(attempt["attempt"]?["code"]?.text == "authentication")
        #expect(attempt["attempt"]?["trace"]?.text == trace)
        let attempts = try await self.document("attempt-list", place, ["attempt", "list", "--outcome", "refused"])
        #expect(attempts["attempts"]?.count == 1)
        #expect(attempts["attempts"]?[0] == attempt["attempt"])
        for secret in ["kim-password", "not kim's"] {
            for run in [try await place.runHere("attempt", "list", "--json"), enrolled.accepted, enrolled.refused] {
                #expect(!run.output.contains(secret) && !run.errors.contains(secret))
            }
            let log = try String(contentsOfFile: place.path("serve.log"), encoding: .utf8)
            #expect(log.contains(" ready ") && !log.contains(secret))
        }
    }

    @Test("of a device that uses its certificate, renews it, and lives a life")
    func lives() async throws {
        let enrolled = try await EnrolledPlace.make(
            renewable: true,
            [
                ("contact", "contact --identity laptop"), ("renewal", "renew --identity laptop"),
                ("refused", "renew --identity laptop --same-key"),
                ("lifetime", "lifetime-soak \"${kim[@]}\" --password-file right.txt --renewals 2 --new-key p256"),
            ]
        )
        #expect(enrolled.accepted.status == 0, "\(enrolled.accepted.output)")
        let contact = try self.judged("contact", try #require(enrolled.plays["contact"]))
        #expect(contact["good"] == .boolean(true))
        let renewed = try #require(enrolled.plays["renewal"])
        #expect(renewed.status == 0, "\(renewed.output)")
        let renewal = try self.judged("renewal", renewed)
        #expect(renewal["outcomes"]?[0]?["renewed"] == .boolean(true))
        #expect(renewal["outcomes"]?[0]?["madeContact"] == .boolean(true))
        let refused = try #require(enrolled.plays["refused"])
        #expect(refused.status == 1)
        let refusal = try self.judged("renewal", refused)
        #expect(refusal["outcomes"]?[0]?["subcode"]?.text == "CertificateRequest")
        let lived = try #require(enrolled.plays["lifetime"])
        #expect(lived.status == 0, "\(lived.output)")
        let lifetime = try self.judged("lifetime", lived)
        #expect(lifetime["whole"] == .number(1))
        #expect(lifetime["renewals"] == .number(5))
        #expect(lifetime["steps"]?[0]?["step"]?.text == "enroll")
    }

    @Test("of a new place, in which every list is there and empty")
    func founded() async throws {
        let place = try await CommandPlace.founded()
        #expect(try await self.document("config-check", place, ["config", "check"])["fine"] == .boolean(true))
        let settings = try await self.document("config", place, ["config", "show"])
        #expect(settings["settings"]?["authority.crlShards"]?.text == "8")
        #expect(try await self.document("device-list", place, ["device", "list"])["devices"]?.count == 0)
        #expect(try await self.document("attempt-list", place, ["attempt", "list"])["attempts"]?.count == 0)
        let rules = try await self.document("cert-rules", place, ["cert", "rules"])
        #expect((rules["rules"]?.count ?? 0) >= 40)
    }

    @Test("page by page, until there is no next one")
    func pages() async throws {
        let place = try await CommandPlace.founded()
        var seen: [String] = []
        var after: [String] = []
        for _ in 0..<4 {
            let page = try await self.document("cert-list", place, ["cert", "list", "--limit", "1"] + after)
            seen += [page["certificates"]?[0]?["serialNumber"]?.text].compactMap { $0 }
            guard let next = page["next"]?.text else { break }
            after = ["--after", next]
        }
        #expect(seen.count == 3)
        #expect(Set(seen).count == 3)
    }

    @Test(
        "of what is not there: status 3 and a problem that says where to look",
        arguments: [
            (["device", "show", "DESKTOP-NOWHERE"], "gatehouse device list"),
            (["device", "show", "6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1"], "gatehouse device list"),
            (["device", "list", "--user", "nobody@corp.example"], "gatehouse device list"),
            (["cert", "show", "01:02:03"], "gatehouse cert list"),
            (["cert", "show", "no number"], "gatehouse cert list"),
            (["attempt", "show", "0000-0000-0000"], "gatehouse attempt list"),
            (["user", "show", "nobody@corp.example"], "gatehouse attempt list"),
        ]
    )
    func notFound(command: [String], remedy: String) async throws {
        let place = try await CommandPlace.founded()
        let run = try await place.run(command + ["--json", "--config", place.configuration])
        #expect(run.status == 3)
        let document = try JSONDocument(parsing: run.output)
        #expect(try DocumentSchema("problem").findings(in: document) == [])
        #expect(document["problem"]?["exit"] == .number(3))
        #expect(document["problem"]?["details"]?["try"]?.text?.hasPrefix(remedy) == true)
        let screen = try await place.run(command + ["--config", place.configuration])
        #expect(screen.status == 3)
        #expect(screen.output.isEmpty)
        #expect(screen.errors.hasPrefix("error GH-FIND-001: there is no "))
    }

    @Test("of a trace id that was misheard: status 2, since no attempt can have it")
    func misheard() async throws {
        let place = try await CommandPlace.founded()
        let run = try await place.runHere("attempt", "show", "0000-0000-0001", "--json")
        #expect(run.status == 2)
        #expect(try DocumentSchema("problem").findings(in: try JSONDocument(parsing: run.output)) == [])
    }

    @Test("finds the serial number however it is spelt")
    func spellings() async throws {
        let place = try await CommandPlace.founded()
        let list = try await self.document("cert-list", place, ["cert", "list"])
        let serial = try #require(list["certificates"]?[0]?["serialNumber"]?.text)
        let pairs = stride(from: 0, to: serial.count, by: 2).map { String(serial.dropFirst($0).prefix(2)) }
        for spelling in [
            serial.uppercased(), "0x" + serial, pairs.joined(separator: ":"), pairs.joined(separator: " "),
        ] {
            let document = try await self.document("cert", place, ["cert", "show", spelling])
            #expect(document["certificate"] == list["certificates"]?[0])
        }
    }
}

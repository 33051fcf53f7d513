import EnrollmentTestKit
import Foundation
import Testing

@Suite("The hand-off in the configuration", .timeLimit(.minutes(25)))
struct HandOffSectionTests {
    private static let secrets = "secrets: [{ file: \"webhook\" }]"
    private static let plain = "name: \"mdm\", url: \"https://mdm.example/events\", \(secrets)"

    /// A founded place whose configuration then has a section `handOff`, and a secret to sign with.
    private func place(_ section: String) async throws -> CommandPlace {
        let place = try await CommandPlace.founded()
        try place.edit("gatehouse.json5", ("management: {", "handOff: { \(section) },\n    management: {"))
        let octets = Data((0..<32).map { UInt8($0) })
        try place.write("whsec_\(octets.base64EncodedString())\n", to: "webhook")
        return place
    }

    @Test("is shown with its defaults, and without any secret")
    func shown() async throws {
        let place = try await self.place(
            """
            destinations: [{ \(Self.plain) },
                { name: "eu-2", url: "https://[2001:db8::1]:8443/a?b=c", \(Self.secrets), providers: ["Gatehouse"],
                  events: ["reset", "revoked"], proxy: "http://proxy.example:3128", allowedAddresses: ["metadata", "::1"],
                  concurrency: 4, giveUpHours: 5, timeoutSeconds: 7 }],
            authorise: { url: "https://gate.example/ask", \(Self.secrets), onSilence: "admit" },
            """
        )
        #expect(try await place.runHere("config", "check").status == 0)
        let shown = try await place.runHere("config", "show", "--json")
        #expect(!shown.output.contains("whsec_"))
        let document = try JSONDocument(parsing: shown.output)
        #expect(try DocumentSchema("config").findings(in: document).isEmpty)
        let settings = document["settings"]
        #expect(settings?["handOff.destinations"]?.text == "mdm, eu-2")
        #expect(settings?["handOff.eventDays"]?.text == "90")
        #expect(settings?["handOff.silentAfterMinutes"]?.text == "60")
        #expect(settings?["handOff.destinations.mdm.providers"]?.text == "all")
        #expect(settings?["handOff.destinations.mdm.account"]?.text == "omit")
        #expect(settings?["handOff.destinations.mdm.events"]?.text?.contains("limit-refused") == false)
        #expect(settings?["handOff.destinations.mdm.giveUpHours"]?.text == "72")
        #expect(settings?["handOff.destinations.eu-2.events"]?.text == "reset, revoked")
        #expect(settings?["handOff.destinations.eu-2.giveUpHours"]?.text == "5")
        #expect(settings?["sending.destinations.eu-2.allowedAddresses"]?.text == "metadata, ::1")
        #expect(settings?["sending.destinations.eu-2.timeoutSeconds"]?.text == "7")
        #expect(settings?["sending.destinations.mdm.timeoutSeconds"]?.text == "20")
        #expect(settings?["handOff.authorise"]?.text == "https://gate.example/ask")
        #expect(settings?["handOff.authorise.onSilence"]?.text == "admit")
    }

    @Test(
        "is refused where it cannot be meant, by path and line",
        arguments: [
            ("eventDays: 29", "handOff.eventDays: 29 is outside 30 … 3650"),
            ("destinatons: []", "handOff.destinatons: unknown key; did you mean destinations?"),
            (
                "destinations: [{ name: \"MDM\", url: \"https://a/\", \(secrets) }]",
                "handOff.destinations[0].name: MDM is not made of a–z, 0–9 and -"
            ),
            (
                "destinations: [{ \(plain) }, { \(plain) }]",
                "handOff.destinations[1].name: mdm is the name of another destination already"
            ),
            (
                "destinations: [{ name: \"a\", url: \"https://a/\" }]",
                "handOff.destinations[0].secrets: is missing, and so is signingKeys"
            ),
            (
                "destinations: [{ name: \"a\", url: \"http://a/\", \(secrets) }]",
                "handOff.destinations[0].url: http://a/ is not encrypted"
            ),
            (
                "destinations: [{ name: \"a\", url: \"http://127.0.0.1/\", \(secrets) }]",
                "handOff.destinations[0].url: http://127.0.0.1/ is not encrypted"
            ),
            (
                "destinations: [{ name: \"a\", url: \"http://127.a/\", \(secrets), allowedAddresses: [\"loopback\"] }]",
                "handOff.destinations[0].url: http://127.a/ is not encrypted"
            ),
            (
                "destinations: [{ name: \"a\", url: \"http://127.0.0.256/\", \(secrets), allowedAddresses: [\"loopback\"] }]",
                "handOff.destinations[0].url: http://127.0.0.256/ is not encrypted"
            ),
            (
                "destinations: [{ name: \"a\", url: \"https://kim@a/\", \(secrets) }]",
                "handOff.destinations[0].url: is not https://host/path"
            ),
            (
                "destinations: [{ name: \"a\", url: \"ftp://a/\", \(secrets) }]",
                "handOff.destinations[0].url: is not https://host/path"
            ),
            (
                "destinations: [{ \(plain), providers: [\"Other\"] }]",
                "handOff.destinations[0].providers: Other is the providerId of no account of management"
            ),
            (
                "destinations: [{ \(plain), events: [\"enroled\"] }]",
                "handOff.destinations[0].events: enroled is not one of enrolled, renewed"
            ),
            ("destinations: [{ \(plain), events: [] }]", "handOff.destinations[0].events: names no event"),
            (
                "destinations: [{ \(plain), account: \"none\" }]",
                "handOff.destinations[0].account: is \"omit\", or { key: \"file\" }"
            ),
            (
                "destinations: [{ \(plain), allowedAddresses: [\"10.0.0.1/8\"] }]",
                "handOff.destinations[0].allowedAddresses: 10.0.0.1/8 is neither loopback, link-local, metadata nor"
            ),
            (
                "destinations: [{ \(plain), proxy: \"http://kim:pw@proxy\" }]",
                "handOff.destinations[0].proxy: is not http://host:port"
            ),
            (
                "authorise: { url: \"https://a/\", \(secrets), onSilence: \"ignore\" }",
                "handOff.authorise.onSilence: ignore is not one of refuse, admit"
            ),
        ]
    )
    func mistakes(section: String, words: String) async throws {
        let place = try await self.place(section)
        let run = try await place.runHere("config", "check")
        #expect(run.status == 2)
        #expect(run.errors.contains(words), "\(run.errors)")
        #expect(run.errors.contains("gatehouse.json5, line "), "\(run.errors)")
    }

    @Test("is checked with its secrets, keys and files", arguments: ["secret", "missing", "ca", "account"])
    func parts(_ part: String) async throws {
        let member =
            switch part {
            case "ca": ", ca: \"none.pem\""
            case "account": ", account: { key: \"webhook\" }"
            default: ""
            }
        let place = try await self.place("destinations: [{ \(Self.plain)\(member) }]")
        if part == "secret" { try place.write("whsec_c2hvcnQ=", to: "webhook") }
        if part == "missing" { try FileManager.default.removeItem(atPath: place.path("webhook")) }
        let run = try await place.runHere("config", "check")
        #expect(run.status == 2)
        #expect(!run.errors.contains("c2hvcnQ="))
        let words = ["secret": "24 to 64", "missing": "webhook", "ca": "none.pem", "account": "webhook"]
        #expect(run.errors.contains(words[part] ?? "?"), "\(run.errors)")
    }
}

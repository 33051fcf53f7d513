import EnrollmentTestKit
import Foundation
import Testing

@Suite("The admin interface in the configuration", .timeLimit(.minutes(25)))
struct AdminSectionTests {
    private static let anchor = "store: {"

    /// A founded place whose configuration has a section more.
    private func place(_ section: String) async throws -> CommandPlace {
        let place = try await CommandPlace.founded()
        try place.edit("gatehouse.json5", (Self.anchor, "admin: { \(section) },\n    \(Self.anchor)"))
        return place
    }

    @Test(
        "is refused where it says too much or too little, by path and line",
        arguments: [
            ("clients: [{ name: \"a\", certificate: \"a.pem\" }]", "admin.clients[0].scopes: names no scope"),
            (
                "clients: [{ name: \"a\", certificate: \"a.pem\", scopes: [\"all\"] }]",
                "admin.clients[0].scopes: all is not one of events:read"
            ),
            ("clients: [{ name: \"a\", scopes: [\"events:read\"] }]", "admin.clients[0].certificate: is missing"),
            ("clients: [{ certificate: \"a\", scopes: [\"events:read\"] }]", "admin.clients[0].name: is missing"),
            ("verifiers: [{ name: \"w\", clientCertificate: \"nginx\" }]", "admin.verifiers[0].addresses: names no"),
            (
                "verifiers: [{ name: \"w\", addresses: [\"10.0.0.1/8\"], clientCertificate: \"nginx\" }]",
                "admin.verifiers[0].addresses: 10.0.0.1/8 is neither"
            ),
            (
                "verifiers: [{ name: \"w\", addresses: [\"10.0.0.1\"] }]",
                "admin.verifiers[0].clientCertificate: is missing"
            ),
            (
                "verifiers: [{ name: \"w\", addresses: [\"10.0.0.1\"], clientCertificate: \"xfcc\" }]",
                "admin.verifiers[0].clientCertificate: xfcc is not one of"
            ),
            ("cachedIdentities: 10", "admin.cachedIdentities: 10 is outside 1000 … 5000000"),
            ("failuresPerMinute: 0", "admin.failuresPerMinute: 0 is outside 1 … 100000"),
            ("client: []", "admin.client: unknown key; did you mean clients?"),
        ]
    )
    func mistakes(section: String, words: String) async throws {
        let run = try await self.place(section).runHere("config", "check")
        #expect(run.status == 2)
        #expect(run.errors.contains(words), "\(run.errors)")
        #expect(run.errors.contains("gatehouse.json5, line "), "\(run.errors)")
    }

    @Test("is shown as it counts, and a verifier that is a whole network is pointed out")
    func shown() async throws {
        let place = try await self.place(
            """
            clients: [{ name: "mdm", certificate: "mdm.pem", scopes: ["handoff:read", "events:read"] }],
                verifiers: [{ name: "web", addresses: ["10.0.0.0/8"], clientCertificate: "rfc9440" }],
                cachedIdentities: 5000
            """
        )
        let run = try await place.runHere("config", "show", "--json")
        let settings = try JSONDocument(parsing: run.output)["settings"]
        #expect(settings?["admin.clients"]?.text?.hasSuffix("/mdm.pem for events:read handoff:read") == true)
        #expect(settings?["admin.verifiers"]?.text == "web: 10.0.0.0/8, rfc9440")
        #expect(settings?["admin.cachedIdentities"]?.text == "5000")
        #expect(settings?["admin.failuresPerMinute"]?.text == "20")
        let doctor = try await place.runHere("doctor")
        #expect(
            doctor.output.contains("every machine in 10.0.0.0/8 may ask whose a certificate is"),
            "\(doctor.output)"
        )
    }

    @Test("names a certificate that has to be there when the service starts")
    func certificates() async throws {
        let place = try await self.place(
            "clients: [{ name: \"mdm\", certificate: \"mdm.pem\", scopes: [\"events:read\"] }]"
        )
        try place.edit("gatehouse.json5", ("listeners: {", "listeners: {\n        admin: { port: 0 },"))
        let missing = try await place.runHere("serve")
        #expect(missing.status == 2, "\(missing.errors)")
        #expect(missing.errors.contains("GH-CONFIG-006"), "\(missing.errors)")
        try place.write("no certificate\n", to: "mdm.pem")
        #expect(try await place.runHere("serve").errors.contains("holds no certificate in PEM"))
    }
}

import EnrollmentTestKit
import Foundation
import Testing

@Suite("The management accounts in the configuration", .timeLimit(.minutes(25)))
struct ManagementSectionTests {
    private static let address = "address: \"https://localhost:9443/omadm\","

    /// A founded place whose configuration then says more of management.
    private func place(_ change: (from: String, to: String)) async throws -> CommandPlace {
        let place = try await CommandPlace.founded()
        try place.edit("gatehouse.json5", change)
        return place
    }

    @Test("are shown with the rules that choose among them")
    func shown() async throws {
        let place = try await self.place(
            (
                Self.address,
                """
                addresses: ["https://a.example/omadm", "https://b.example/omadm"], poll: "quiet", ownership: "corporate",
                accounts: [{ providerId: "Branch", address: "https://branch.example/omadm", poll: "eager",
                             ownership: "personal" }],
                rules: [{ name: "branch", groups: ["cn=branch,dc=corp"], domains: ["Branch.Example"], providerId: "Branch" },
                        { name: "visitors", domains: ["visitors.example"], ownership: "unstated" }],
                """
            )
        )
        #expect(try await place.runHere("config", "check").status == 0)
        let shown = try await place.runHere("config", "show", "--json")
        let document = try JSONDocument(parsing: shown.output)
        #expect(try DocumentSchema("config").findings(in: document).isEmpty)
        let settings = document["settings"]
        #expect(settings?["management.address"]?.text == "https://a.example/omadm")
        #expect(settings?["management.addresses"]?.text == "https://a.example/omadm, https://b.example/omadm")
        #expect(settings?["management.poll"]?.text == "3 × 30 min, 4 × 240 min, then every 1440 min, on login false")
        #expect(settings?["management.ownership"]?.text == "corporate")
        let others = try #require(settings?["management.accounts"]?.text)
        #expect(others.hasPrefix("providerId Branch, name Branch, address https://branch.example/omadm, "))
        #expect(others.hasSuffix("poll 10 × 3 min, 24 × 15 min, then every 480 min, on login true"))
        #expect(
            settings?["management.rules"]?.text
                == "branch: in cn=branch,dc=corp and of branch.example = Branch, personal;"
                + " visitors: of visitors.example = Gatehouse, unstated"
        )
    }

    @Test("of one account alone are shown as before")
    func alone() async throws {
        let place = try await CommandPlace.founded()
        let settings = try JSONDocument(parsing: try await place.runHere("config", "show", "--json").output)["settings"]
        #expect(settings?["management.providerId"]?.text == "Gatehouse")
        #expect(settings?["management.address"]?.text == "https://localhost:9443/omadm")
        #expect(settings?["management.addresses"]?.text == "no others")
        #expect(settings?["management.poll"]?.text == "5 × 15 min, 10 × 60 min, then every 1440 min, on login true")
        #expect(settings?["management.accounts"]?.text == "none but this")
        #expect(settings?["management.rules"]?.text == "none")
    }

    @Test(
        "are refused where they contradict themselves, by path and line",
        arguments: [
            ("address: \"http://mdm.example/\",", "management.address: is not an https:// URL"),
            ("address: \"https://mdm.example/<a>\",", "management.address: is not an https:// URL"),
            ("addresses: [],", "management.addresses: takes 1 to 8 addresses"),
            ("addresses: [\"https://a/\", \"https://a/\"],", "management.addresses: has one twice"),
            ("addresses: [\"https://a/\", \"b\"],", "management.addresses: is not an https:// URL"),
            (address + " addresses: [\"https://a/\"],", "management.addresses: takes the place of address"),
            (address + " poll: \"egaer\",", "egaer is not one of standard, eager, quiet; did you mean eager?"),
            (address + " poll: 3,", "management.poll: an object is expected here, not a number"),
            (address + " ownership: \"mine\",", "mine is not one of corporate, personal, unstated"),
            (
                address + " accounts: [{ providerId: \"Gatehouse\", address: \"https://a/\" }],",
                "management.accounts[0].providerId: Gatehouse is the name of another account already"
            ),
            (
                address + " accounts: [{ providerId: \"B\", address: \"https://a/\", rules: [] }],",
                "management.accounts[0].rules: unknown key"
            ),
            (
                address + " rules: [{ name: \"all\", ownership: \"personal\" }],",
                "management.rules[0].name: the rule names neither groups nor domains"
            ),
            (
                address + " rules: [{ name: \"a\", domains: [\"kim@corp.example\"] }],",
                "management.rules[0].domains: kim@corp.example is no domain"
            ),
            (
                address + " rules: [{ name: \"a\", domains: [\"b\"], providerId: \"Branch\" }],",
                "management.rules[0].providerId: Branch is none of the accounts, which are Gatehouse"
            ),
            (
                address + " rules: [{ name: \"a\", domains: [\"b\"] }, { name: \"a\", domains: [\"c\"] }],",
                "management.rules[1].name: a is the name of another rule already"
            ),
        ]
    )
    func mistakes(members: String, words: String) async throws {
        let place = try await self.place((Self.address, members))
        let run = try await place.runHere("config", "check")
        #expect(run.status == 2)
        #expect(run.errors.contains(words), "\(run.errors)")
        #expect(run.errors.contains("gatehouse.json5, line "), "\(run.errors)")
    }
}

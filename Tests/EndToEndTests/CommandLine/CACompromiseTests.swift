import EnrollmentTestKit
import Foundation
import Testing

@Suite("gatehouse ca compromise, of roots and of issuers whose root is not at hand", .timeLimit(.minutes(25)))
struct CACompromiseTests {
    private static func place() async throws -> Place {
        try await Place(Place.Settings(), directory: try RunningGatehouse.directory.get())
    }

    private static func first(_ place: Place) async throws -> String {
        let ids = try await place.query("SELECT id FROM issuer WHERE role = 'issuing'")
        return try #require(ids.first)
    }

    private static func moves(_ document: JSONDocument) -> [String] {
        guard case .array(let moves)? = document["moves"] else { return [] }
        return moves.map { "\($0["issuer"]?.text ?? "") \($0["from"]?.text ?? "")>\($0["to"]?.text ?? "")" }
    }

    private static func stops(_ document: JSONDocument) -> [JSONDocument] {
        if case .array(let stops)? = document["stops"] { stops } else { [] }
    }

    @Test(
        "of a root, the rehearsal shows every issuer below, every successor and the listeners; the deed makes those moves"
    )
    func root() async throws {
        let place = try await Self.place()
        let first = try await Self.first(place)
        try await place.rotate(["prepare", "--id", "NEXT"])
        try await place.rotate(["publish", "NEXT"])
        let command = ["ca", "compromise", "R1", "--reason", "key was copied", "--rate", "60"]
        let rehearsed = try await place.document("ca-compromise", command)
        #expect(rehearsed["outcome"]?.text == "rehearsed")
        let stops = Self.stops(rehearsed)
        #expect(stops.compactMap { $0["issuer"]?.text } == ["R1", "NEXT", first])
        #expect(stops[0]["successor"]?.text == "R2")
        #expect(stops[0]["isMade"] == .boolean(true))
        #expect(stops[1]["successor"] == .null)
        let next = try #require(stops[2]["successor"]?.text)
        #expect(stops.allSatisfy { $0["waitsFor"] == .null })
        let expected = [
            "R2 prepared>published", "R1 active>compromised", "R2 published>active", "NEXT published>compromised",
            "\(next) prepared>published", "\(first) active>compromised", "\(next) published>active",
        ]
        #expect(Self.moves(rehearsed) == expected)
        #expect(rehearsed["below"]?.texts == ["NEXT", first])
        #expect(rehearsed["listener"]?.text == first)
        #expect(rehearsed["devices"] == .number(0))
        // The listeners' certificate is all that there is to revoke, so far.
        #expect(rehearsed["left"] == .number(1))
        #expect(rehearsed["waves"] == .number(1))
        #expect(rehearsed["expectedSeconds"] == .number(1))
        let facts = try #require(rehearsed["facts"]).texts
        for fact in [
            "\(next) is made with a key ecdsa-p256, sealed in the store, certified by R2, to take the place of \(first)",
            "all that \(first) signed is revoked (cACompromise)",
            "the certificate of the listeners was signed by \(first)",
        ] { #expect(facts.contains(fact), "\(facts)") }
        let screen = try await place.run(command).output
        for line in ["~ root R1 ", "+ root R2 ", "~ issuer NEXT ", "+ issuer \(next) ", "~ listeners ", "= waves "] {
            #expect(screen.contains(line), "\(screen)")
        }
        #expect(screen.contains("take R1 out of the devices' trust"), "\(screen)")

        // Of what is to be done nothing was.
        #expect(try await place.query("SELECT count(*) FROM issuer") == ["3"])
        let plan = try #require(rehearsed["plan"]?.text)
        let done = try await place.document("ca-compromise", command + ["--commit", "--plan", plan])
        #expect(done["outcome"]?.text == "done")
        #expect(Self.moves(done) == expected)
        #expect(done["revoked"] == .number(1))
        #expect(try await place.issuer(next)["signedBy"]?.text == "R2")
        #expect(try await place.document("ca-compromise", command)["outcome"]?.text == "already")
    }

    @Test("a plan of a root's compromise does not hold any more when an issuer below it has moved")
    func stale() async throws {
        let place = try await Self.place()
        try await place.rotate(["prepare", "--id", "NEXT"])
        let command = ["ca", "compromise", "R1", "--reason", "key was copied"]
        let plan = try #require(try await place.document("ca-compromise", command)["plan"]?.text)
        try await place.rotate(["publish", "NEXT"])
        let refused = try await place.problem(command + ["--commit", "--plan", plan], status: 4)
        #expect(refused["code"]?.text == "GH-CA-002")
        #expect(refused["details"]?["new"]?.text?.contains("NEXT is issuing, published") == true)
    }

    @Test(
        "with shares of a split root the successor is certified and the CRL is out at once; nobody is sent to a ceremony"
    )
    func shares() async throws {
        let place = try await Self.place()
        let first = try await Self.first(place)
        let folder = place.folder.appending(path: "shares").path
        let split = ["ca", "reseal", "R1", "--shares", "2/3", "--share-folder", folder]
        let plan = try #require(try await place.document("reseal", split)["plan"]?.text)
        _ = try await place.document("reseal", split + ["--commit", "--plan", plan, "--reason", "test"])
        let shares = [1, 3].flatMap { ["--share-file", "\(folder)/share-\($0).txt"] }

        let command = ["ca", "compromise", first, "--reason", "key was copied"]
        let refused = try await place.problem(command, status: 4)
        #expect(refused["details"]?["rule"]?.text == "rotation.root-elsewhere")
        #expect(refused["details"]?["1"]?.text?.hasPrefix("gatehouse ca compromise \(first) ") == true)
        #expect(refused["details"]?["1"]?.text?.hasSuffix(" --share-file …") == true)

        let rehearsed = try await place.document("ca-compromise", command + shares)
        #expect(rehearsed["leftForPeople"]?.count == 0)
        let id = try #require(rehearsed["plan"]?.text)
        let done = try await place.document("ca-compromise", command + shares + ["--commit", "--plan", id])
        #expect(done["outcome"]?.text == "done")
        #expect(done["leftForPeople"]?.count == 0, "\(done)")
        let entries = try await place.query("SELECT sum(entries) FROM crl WHERE issuer_id = 'R1' AND der IS NOT NULL")
        #expect(entries == ["1"])
        // Nobody brings the shares again tomorrow.
        let days = try await place.query(
            "SELECT DISTINCT (next_update - this_update) / 86400000000 FROM crl WHERE issuer_id = 'R1' AND der IS NOT NULL"
        )
        #expect(days == ["180"])
    }

    @Test("of a split root whose shares are not there, the report names the command that publishes its CRL")
    func withoutShares() async throws {
        let place = try await Self.place()
        let first = try await Self.first(place)
        try await place.rotate(["prepare", "--id", "NEXT"])
        let folder = place.folder.appending(path: "shares").path
        let split = ["ca", "reseal", "R1", "--shares", "2/3", "--share-folder", folder]
        let plan = try #require(try await place.document("reseal", split)["plan"]?.text)
        _ = try await place.document("reseal", split + ["--commit", "--plan", plan, "--reason", "test"])
        let command = ["ca", "compromise", first, "--reason", "key was copied"]
        let rehearsed = try await place.document("ca-compromise", command)
        let hint = "gatehouse crl publish R1 --share-file …"
        #expect(rehearsed["leftForPeople"]?.texts.contains { $0.hasPrefix(hint) } == true, "\(rehearsed)")
        let id = try #require(rehearsed["plan"]?.text)
        let done = try await place.document("ca-compromise", command + ["--commit", "--plan", id])
        #expect(done["leftForPeople"]?.texts.contains { $0.hasPrefix(hint) } == true, "\(done)")
        let shares = [2, 3].flatMap { ["--share-file", "\(folder)/share-\($0).txt"] }
        _ = try await place.document("crl-publication", ["crl", "publish", "R1"] + shares)
        #expect(try await place.document("ca-compromise", command)["leftForPeople"]?.count == 0)
    }
}

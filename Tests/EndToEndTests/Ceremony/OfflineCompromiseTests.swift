import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing

@Suite("A compromise below an offline root", .timeLimit(.minutes(25)))
struct OfflineCompromiseTests {
    /// A command that a report names, as its words; without the program and its configuration.
    private static func words(_ line: String?, at place: Place) throws -> [String] {
        var words = try #require(line).split(separator: " ").map(String.init)
        if let flag = words.firstIndex(of: "--config") { words.removeSubrange(flag...(flag + 1)) }
        #expect(words.first == "gatehouse")
        return words.dropFirst().map { $0.hasSuffix(".txt") || $0.hasSuffix(".answer") ? Self.path($0, place) : $0 }
    }

    private static func path(_ name: String, _ place: Place) -> String { place.folder.appending(path: name).path }

    /// As the root's machine does it.
    private static func sign(_ request: String, by root: String = "R1", at place: Place) async throws {
        let keys = [
            "--root", Self.path(root, place), "--yes", "--passphrase-file", Self.path("root.passphrase", place),
        ]
        _ = try await place.document("ceremony", ["ceremony", "sign", Self.path(request, place)] + keys)
    }

    private static func founded() async throws -> Place {
        let place = try Place(
            unfounded: Place.Settings(),
            directory: try RunningGatehouse.directory.get(),
            store: .sqlite
        )
        let secret = try place.keep(secret: "tick tock tick tock", as: "root.passphrase")
        let root = Self.path("R1", place)
        let arguments = ["ceremony", "root", "--organization", "Corp Ltd", "--out", root, "--passphrase-file", secret]
        _ = try await place.document("ceremony-root", arguments)
        let request = Self.path("founding.txt", place)
        _ = try await place.document("ceremony", ["init", "--offline-root", "\(root)/root.cer", "--request", request])
        try await Self.sign("founding.txt", at: place)
        _ = try await place.document("ceremony", ["ca", "import", "\(request).answer"])
        try FileManager.default.copyItem(atPath: "\(root)/root.pem", toPath: place.rootFile.path)
        return place
    }

    @Test("the commands that each report names lead from the stolen key to a CRL of the root that lists its issuer")
    func path() async throws {
        let place = try await Self.founded()
        let first = try #require(try await place.query("SELECT id FROM issuer WHERE role = 'issuing'").first)
        let command = ["ca", "compromise", first, "--reason", "stolen"]

        // Nobody could take its place: nothing is done, and the steps are named.
        let refused = try await place.problem(command, status: 4)
        #expect(refused["details"]?["rule"]?.text == "rotation.root-elsewhere")
        #expect(refused["details"]?["until then"]?.text?.contains("goes on signing") == true)
        let prepare = try Self.words(refused["details"]?["1"]?.text, at: place)
        #expect(prepare.starts(with: ["ca", "prepare", "--offline"]))
        #expect(refused["details"]?["2"]?.text?.contains("gatehouse ceremony sign successor.txt --root ") == true)
        let take = try Self.words(refused["details"]?["3"]?.text, at: place)
        #expect(try Self.words(refused["details"]?["4"]?.text, at: place) == command)

        let plan = try #require(try await place.document("ca-prepare", prepare)["plan"]?.text)
        _ = try await place.document("ceremony", prepare + ["--commit", "--plan", plan])
        // While its answer is on its way, the same request is offered again, and no second one.
        let open = try await place.problem(command, status: 4)
        #expect(open["details"]?["open"]?.text?.contains("ca ceremonies --again ") == true)
        #expect(open["details"]?["1"]?.text?.contains("ceremony sign") == true)
        try await Self.sign("successor.txt", at: place)
        _ = try await place.document("ceremony", take)

        let rehearsed = try await place.document("ca-compromise", command)
        let successor = try #require(rehearsed["successor"]?.text)
        #expect(rehearsed["leftForPeople"]?.count == 4)
        let id = try #require(rehearsed["plan"]?.text)
        let done = try await place.document("ca-compromise", command + ["--commit", "--plan", id])
        #expect(done["outcome"]?.text == "done")
        #expect(try await place.issuer(first)["state"]?.text == "compromised")
        #expect(try await place.issuer(successor)["state"]?.text == "active")
        // Recorded now, whatever the CRL says.
        let revoked = "SELECT count(*) FROM revocation WHERE issuer_id = 'R1'"
        #expect(try await place.query(revoked) == ["1"])

        let people = try #require(done["leftForPeople"]).texts
        #expect(people.count == 4, "\(people)")
        #expect(people[0].contains("lists \(first)"), "\(people)")
        _ = try await place.document("ceremony", try Self.words(people[1], at: place))
        #expect(people[2].contains("ceremony sign crl-R1.txt --root "))
        try await Self.sign("crl-R1.txt", at: place)
        _ = try await place.document("ceremony", try Self.words(people[3], at: place))
        let already = try await place.document("ca-compromise", command)
        #expect(already["outcome"]?.text == "already")
        #expect(already["leftForPeople"]?.count == 0)

        let shown = try await place.document("crl-list", ["crl", "show", "R1"])
        guard case .array(let crls)? = shown["crls"] else { return }
        #expect(crls.contains { $0["published"]?["entries"] == .number(1) }, "\(shown)")
    }

    @Test("of an offline root itself, a root in the store takes its place only where somebody says so")
    func root() async throws {
        let place = try await Self.founded()
        let first = try #require(try await place.query("SELECT id FROM issuer WHERE role = 'issuing'").first)
        let command = ["ca", "compromise", "R1", "--reason", "stolen"]
        let refused = try await place.problem(command, status: 4)
        #expect(refused["details"]?["rule"]?.text == "rotation.seat")
        #expect(refused["details"]?["place"]?.text == "offline")
        _ = try await place.problem(["ca", "prepare", "--role", "root"], status: 4)
        try await place.rotate(["prepare", "--role", "root", "--sealed"])
        // What it was asked for and has not answered is not taken in any more.
        let request = Self.path("late.txt", place)
        let prepare = ["ca", "prepare", "--id", "LATE", "--offline", request]
        let late = try #require(try await place.document("ca-prepare", prepare)["plan"]?.text)
        _ = try await place.document("ceremony", prepare + ["--commit", "--plan", late])
        try await Self.sign("late.txt", at: place)
        let rehearsed = try await place.document("ca-compromise", command)
        let plan = try #require(rehearsed["plan"]?.text)
        let done = try await place.document("ca-compromise", command + ["--commit", "--plan", plan])
        #expect(done["moves"] == rehearsed["moves"])
        #expect(try await place.issuer(first)["state"]?.text == "compromised")
        #expect(
            try await place.query("SELECT signed_by FROM issuer WHERE role = 'issuing' AND state = 'active'") == ["R2"]
        )
        #expect(try #require(done["leftForPeople"]).texts.contains { $0.contains("take R1 out of the devices' trust") })
        #expect(try await place.query("SELECT state FROM ceremony WHERE issuer_id = 'LATE'") == ["withdrawn"])
        _ = try await place.problem(["ca", "import", request + ".answer"], status: 4)
    }

    @Test("of a root whose successor is offline, too, what can be is stopped, and the commands lead on to the rest")
    func successor() async throws {
        let place = try await Self.founded()
        let first = try #require(try await place.query("SELECT id FROM issuer WHERE role = 'issuing'").first)
        let root = Self.path("R2", place)
        let secret = Self.path("root.passphrase", place)
        let words = ["ceremony", "root", "--organization", "Corp Ltd", "--id", "R2", "--out", root]
        _ = try await place.document("ceremony-root", words + ["--passphrase-file", secret])
        try await place.rotate(["prepare", "--role", "root", "--certificate", "\(root)/root.cer"])

        let command = ["ca", "compromise", "R1", "--reason", "stolen"]
        let rehearsed = try await place.document("ca-compromise", command)
        guard case .array(let stops)? = rehearsed["stops"] else {
            Issue.record("no stops: \(rehearsed)")
            return
        }
        #expect(stops.map { $0["successor"]?.text }.first == "R2")
        #expect(stops.map { $0["waitsFor"]?.text } == [nil, "R2"])
        let plan = try #require(rehearsed["plan"]?.text)
        let stopped = try await place.document("ca-compromise", command + ["--commit", "--plan", plan], status: 1)
        #expect(stopped["outcome"]?.text == "stopped")
        #expect(stopped["moves"] == rehearsed["moves"])
        #expect(try await place.issuer("R1")["state"]?.text == "compromised")
        #expect(try await place.issuer(first)["state"]?.text == "active")

        let people = try #require(stopped["leftForPeople"]).texts
        let start = try #require(people.firstIndex { $0.contains("ca prepare --offline ") })
        #expect(people[start - 1] == "\(first) signs on until R2 has certified a successor:")
        let prepare = try Self.words(people[start], at: place)
        let next = try #require(try await place.document("ca-prepare", prepare)["plan"]?.text)
        _ = try await place.document("ceremony", prepare + ["--commit", "--plan", next])
        #expect(people[start + 1].contains("on the machine of R2: gatehouse ceremony sign successor.txt "))
        try await Self.sign("successor.txt", by: "R2", at: place)
        _ = try await place.document("ceremony", try Self.words(people[start + 2], at: place))
        #expect(try Self.words(people[start + 3], at: place) == command)
        let rest = try #require(try await place.document("ca-compromise", command)["plan"]?.text)
        let done = try await place.document("ca-compromise", command + ["--commit", "--plan", rest])
        #expect(done["outcome"]?.text == "done")
        #expect(try await place.issuer(first)["state"]?.text == "compromised")
        #expect(
            try await place.query("SELECT signed_by FROM issuer WHERE role = 'issuing' AND state = 'active'") == ["R2"]
        )
    }
}

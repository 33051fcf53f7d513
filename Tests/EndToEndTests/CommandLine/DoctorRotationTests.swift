import EnrollmentTestKit
import Foundation
import Testing

@Suite("gatehouse doctor, about key rotation", .timeLimit(.minutes(25)))
struct DoctorRotationTests {
    /// A finding as the document has it.
    private struct Found {
        let status: String
        let what: String
        let remedy: String?
    }

    private static func place(_ rotation: String = "") async throws -> Place {
        var settings = Place.Settings(movesClock: true)
        settings.more = rotation
        return try await Place(settings, directory: try RunningGatehouse.directory.get())
    }

    /// The findings of one group, by name.
    private static func found(_ place: Place, _ group: String) async throws -> [String: Found] {
        let run = try await place.run(["doctor", "--only", group, "--json"])
        let document = try JSONDocument(parsing: run.output)
        // A group nobody has anything to say about is not known, either.
        if document["problem"]?["code"]?.text == "GH-FIND-001" { return [:] }
        #expect(try DocumentSchema("doctor").findings(in: document) == [], "\(run.output)")
        guard case .array(let checks)? = document["checks"] else { return [:] }
        let pairs = checks.compactMap { check -> (String, Found)? in
            guard let name = check["name"]?.text, let status = check["status"]?.text else { return nil }
            return (name, Found(status: status, what: check["what"]?.text ?? "", remedy: check["remedy"]?.text))
        }
        return Dictionary(pairs) { first, _ in first }
    }

    private static func first(_ place: Place) async throws -> String {
        try #require(try await place.query("SELECT id FROM issuer WHERE role = 'issuing'").first)
    }

    @Test("a schedule is kept until its step is due, and missed a day after")
    func schedule() async throws {
        let place = try await Self.place("rotation: { issuing: { everyMonths: 2, overlapDays: 20 } },")
        let clock = try #require(place.clock)
        let new = try await Self.found(place, "rotation")
        #expect(new["rotation"]?.status == "ok")
        #expect(new["rotation"]?.what.contains("next: prepare ") == true)
        // Due after two months less twenty days; nobody serves, so nobody does it.
        try clock.advance(days: 30)
        #expect(try await Self.found(place, "rotation").keys.sorted() == ["rotation"])
        try clock.advance(days: 14)
        let missed = try await Self.found(place, "rotation").values.filter { $0.what.contains("was due at") }
        #expect(missed.map(\.status).allSatisfy { $0 == "warning" })
        #expect(missed.contains { $0.remedy == "gatehouse ca prepare --role issuing" }, "\(missed)")
        #expect(missed.contains { $0.what.contains("was not done; the service's log says why") }, "\(missed)")
        // Caught up with by hand.
        try await place.rotate(["prepare", "--id", "NEXT"])
        try await place.rotate(["publish", "NEXT"])
        let after = try await Self.found(place, "rotation")
        #expect(after["rotation"]?.status == "ok", "\(after)")
    }

    @Test("an issuer that ends before what it signs would is told of ahead, then is a failure, and a successor ends it")
    func shortening() async throws {
        let place = try await Self.place()
        let first = try await Self.first(place)
        let clock = try #require(place.clock)
        #expect(try await Self.found(place, "rotation").keys.sorted() == ["rotation"])
        let end = try #require(try await place.issuer(first)["notAfter"]?.text)
        let left = try Date(end, strategy: .iso8601).timeIntervalSince1970 - Double(clock.now)
        // The shipped profile gives devices a year.
        let shortens = Int(left) / 86_400 - 365
        try clock.advance(days: shortens - 120)
        #expect(try await Self.found(place, "rotation")["rotation"]?.status == "ok")
        try clock.advance(days: 60)
        let ahead = try await Self.found(place, "rotation")["rotation \(first)"]
        #expect(ahead?.status == "warning")
        #expect(ahead?.what.contains("is shorter than its profile says") == true)
        #expect(ahead?.remedy == "gatehouse ca prepare")
        try clock.advance(days: 70)
        let late = try await Self.found(place, "rotation")["rotation \(first)"]
        #expect(late?.status == "failure")
        #expect(late?.what.contains("ends with it, in ") == true, "\(String(describing: late))")
        for step in [["prepare", "--id", "NEXT"], ["publish", "NEXT"], ["activate", "NEXT"]] {
            try await place.rotate(step)
        }
        let after = try await Self.found(place, "rotation")
        #expect(after["rotation \(first)"] == nil, "\(after)")
    }

    @Test("a schedule that waits for a root whose key people hold says so, and a root that is at hand does not")
    func split() async throws {
        let place = try await Self.place("rotation: { issuing: { everyMonths: 2, overlapDays: 20 } },")
        let clock = try #require(place.clock)
        let folder = place.folder.appending(path: "shares").path
        let split = ["ca", "reseal", "R1", "--shares", "2/3", "--share-folder", folder]
        let plan = try #require(try await place.document("reseal", split)["plan"]?.text)
        _ = try await place.document("reseal", split + ["--commit", "--plan", plan, "--reason", "test"])
        #expect(try await Self.found(place, "rotation")["rotation R1"] == nil)
        // Its CRLs are people's, too.
        let never = try await Self.found(place, "crl")["crl R1"]
        #expect(never?.status == "warning")
        #expect(never?.what == "never published: its key is split")
        #expect(
            never?.remedy?.hasPrefix("gatehouse crl publish R1 --share-file ") == true,
            "\(String(describing: never))"
        )
        let shares = [1, 2].flatMap { ["--share-file", "\(folder)/share-\($0).txt"] }
        _ = try await place.document("crl-publication", ["crl", "publish", "R1", "--days", "100"] + shares)
        #expect(try await Self.found(place, "crl")["crl R1"]?.status == "ok")

        try clock.advance(days: 45)
        let waits = try await Self.found(place, "rotation")["rotation R1"]
        #expect(waits?.status == "warning")
        #expect(waits?.what.contains("not at hand (split)") == true, "\(String(describing: waits))")
        #expect(waits?.remedy?.hasPrefix("gatehouse ca prepare --share-file ") == true, "\(String(describing: waits))")
        try await place.rotate(["prepare", "--id", "NEXT"] + shares)
        #expect(try await Self.found(place, "rotation")["rotation R1"] == nil)

        // Three weeks before the end of its CRL, three days before, and behind.
        #expect(try await Self.found(place, "crl")["crl R1"]?.status == "ok")
        try clock.advance(days: 40)
        #expect(try await Self.found(place, "crl")["crl R1"]?.status == "warning")
        try clock.advance(days: 13)
        #expect(try await Self.found(place, "crl")["crl R1"]?.status == "failure")
        try clock.advance(days: 3)
        let void = try await Self.found(place, "crl")["crl R1"]
        #expect(void?.what.contains(" ended ") == true, "\(String(describing: void))")
        _ = try await place.document("crl-publication", ["crl", "publish", "R1", "--days", "100"] + shares)
        #expect(try await Self.found(place, "crl")["crl R1"]?.status == "ok")
    }

    @Test("a ceremony that nobody answers is asked for after a week, and no more when it is withdrawn")
    func ceremony() async throws {
        let directory = try RunningGatehouse.directory.get()
        let place = try Place(unfounded: Place.Settings(movesClock: true), directory: directory, store: .sqlite)
        let clock = try #require(place.clock)
        let passphrase = try place.keep(secret: "tick tock tick tock", as: "root.passphrase")
        let (root, file) = (place.folder.appending(path: "R1").path, place.folder.appending(path: "request.txt").path)
        _ = try await place.document(
            "ceremony-root",
            ["ceremony", "root", "--organization", "Corp Ltd", "--passphrase-file", passphrase, "--out", root]
        )
        let asked = try await place.document(
            "ceremony",
            ["init", "--offline-root", "\(root)/root.cer", "--request", file]
        )
        let id = try #require(asked["id"]?.text)
        #expect(try await Self.found(place, "ceremony")["ceremony \(id)"]?.status == "ok")
        try clock.advance(days: 8)
        let late = try await Self.found(place, "ceremony")["ceremony \(id)"]
        #expect(late?.status == "warning")
        #expect(late?.what.contains("8 days ago") == true, "\(String(describing: late))")
        #expect(late?.remedy?.contains("--withdraw \(id)") == true)
        _ = try await place.document("ceremonies", ["ca", "ceremonies", "--withdraw", id, "--reason", "test"])
        #expect(try await Self.found(place, "ceremony").isEmpty)
    }
}

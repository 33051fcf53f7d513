import EnrollmentTestKit
import Foundation
import Testing

@Suite("Sealing keys anew, by command", .timeLimit(.minutes(25)))
struct ResealTests {
    /// Rehearses, and does what the rehearsal's plan says.
    private func reseal(_ place: Place, _ arguments: [String]) async throws -> JSONDocument {
        let rehearsal = try await place.document("reseal", ["ca", "reseal"] + arguments)
        #expect(rehearsal["status"]?.text == "rehearsed")
        let plan = try #require(rehearsal["plan"]?.text)
        return try await place.document(
            "reseal",
            ["ca", "reseal"] + arguments + ["--commit", "--plan", plan, "--reason", "a test"]
        )
    }

    @Test(
        "a service goes on through a change of the passphrase, and takes up the new one",
        arguments: StoreKind.allCases
    )
    func passphrase(_ store: StoreKind) async throws {
        var settings = Place.Settings()
        settings.tellsStatus = true
        try await RunningGatehouse.serve(settings, on: store) { gatehouse in
            let place = gatehouse.place
            _ = try await gatehouse.device(of: "kim")
            let next = try place.keep(secret: "a new passphrase", as: "next")
            let nodes = "SELECT pg_relation_filenode('issuer'), pg_relation_filenode('sealing')"
            let before = store == .postgres ? try await place.query("", postgres: nodes) : []
            let done = try await self.reseal(place, ["--new-passphrase-file", next])
            #expect(done["status"]?.text == "done")
            if store == .postgres {
                // The tables are other files now, without the rows of before.
                #expect(done["formerLeft"] == .null)
                #expect(try await place.query("", postgres: nodes) != before)
            }
            try await gatehouse.wait("the reminder") {
                gatehouse.log.contains("the passphrase was changed, and the new one is not here yet")
            }
            _ = try await gatehouse.device(of: "zoe")
            let old = place.folder.appending(path: "passphrase")
            _ = try await place.problem(["ca", "reseal", "--new-passphrase-file", next], status: 2)
            try FileManager.default.removeItem(at: old)
            try FileManager.default.moveItem(atPath: next, toPath: old.path)
            try await gatehouse.wait("the new passphrase") {
                gatehouse.log.contains("the new passphrase is in effect")
            }
            _ = try await gatehouse.device(of: Person.numbered(3))
            #expect(try await gatehouse.stop() == 0)
            try await gatehouse.start()
            _ = try await gatehouse.device(of: Person.numbered(4))
            #expect(!gatehouse.log.contains("a new passphrase"))
        }
    }

    @Test("a plan whose facts have changed is refused, and without one nothing is done")
    func plans() async throws {
        let place = try await Place(Place.Settings(), directory: try RunningGatehouse.directory.get())
        let next = try place.keep(secret: "next", as: "next")
        let words = ["ca", "reseal", "--new-passphrase-file", next]
        _ = try await place.problem(words + ["--commit", "--reason", "x"], status: 2)
        _ = try await place.problem(words + ["--commit", "--plan", "P-0000-0000", "--reason", "x"], status: 4)
        _ = try await place.problem(words + ["R1", "--shares", "2/3"], status: 2)
        #expect(try await place.query("SELECT count(*) FROM act WHERE verb = 'reseal'") == ["0"])
        #expect(try await place.query("SELECT DISTINCT key_place FROM issuer") == ["sealed"])
        // The passphrase that was there opens the store as before.
        #expect(try await place.run(["crl", "publish"]).status == 0)
    }

    @Test("a root's key is split among people, makes its CRLs with their shares, and is joined again")
    func split() async throws {
        let place = try await Place(Place.Settings(), directory: try RunningGatehouse.directory.get())
        let folder = place.folder.appending(path: "shares").path
        let done = try await self.reseal(place, ["R1", "--shares", "2/3", "--share-folder", folder])
        let files = try #require(done["files"]).texts
        #expect(files.count == 3)
        for file in files {
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        _ = try await place.problem(["crl", "publish", "R1"], status: 3)
        _ = try await place.problem(["crl", "publish", "R1", "--share-file", files[0]], status: 1)
        let shares = ["--share-file", files[2], "--share-file", files[0]]
        _ = try await place.document("crl-publication", ["crl", "publish", "R1"] + shares)
        // As on a stick without modes.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: files[2])
        let open = try await place.run(["crl", "publish", "R1"] + shares)
        #expect(open.status == 0, "\(open.errors)")
        #expect(open.errors.contains("warning: \(files[2]) can be read by others"))
        // From paper.
        let typed = try [files[0], files[2]].enumerated().flatMap { number, file in
            try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
                .filter { $0.first?.isNumber == true }.enumerated()
                .map { ("Share \(number + 1), line \($0 + 1) of ", "\($1)\n") }
        }
        let words = ["crl", "publish", "R1", "--share-file", "-", "--share-file", "-"]
        let typing = place.line(words + ["--config", place.configuration.path])
        let paper = try await TerminalRun.run(typing, answers: typed)
        #expect(paper.status == 0, "\(paper.output)")
        #expect(paper.wasHidden)
        #expect(paper.shows)
        // A new issuing authority needs the root, and so its shares.
        let refused = try await place.problem(["ca", "prepare", "--id", "B"], status: 4)
        #expect(refused["message"]?.text?.contains("--share-file") == true)
        try await place.rotate(["prepare", "--id", "B"] + shares)
        #expect(try await place.issuer("B")["signedBy"]?.text == "R1")
        var share = try String(contentsOfFile: files[1], encoding: .utf8)
        let line = try #require(share.split(separator: "\n").last { $0.hasPrefix("3  ") })
        share = share.replacing(line, with: line.dropLast() + (line.hasSuffix("0") ? "1" : "0"))
        let typo = try place.keep(secret: share, as: "typo")
        let problem = try await place.problem(["crl", "publish", "R1", "--share-file", typo], status: 2)
        #expect(problem["message"]?.text?.contains("Line 3") == true)
        _ = try await self.reseal(place, ["R1"] + shares)
        _ = try await place.document("crl-publication", ["crl", "publish", "R1"])
    }
}

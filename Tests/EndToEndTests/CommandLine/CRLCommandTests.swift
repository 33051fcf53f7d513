import DeviceSimulator
import EnrollmentTestKit
import Foundation
import SQLText
import SQLiteKit
import Testing

@Suite("gatehouse crl", .timeLimit(.minutes(25)))
struct CRLCommandTests {
    private func document(_ schema: String, _ place: CommandPlace, _ arguments: String...) async throws -> JSONDocument
    {
        let run = try await place.run(["crl"] + arguments + ["--json", "--config", place.configuration])
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        let document = try JSONDocument(parsing: run.output)
        #expect(try DocumentSchema(schema).findings(in: document) == [])
        return document
    }

    private func issuer(_ place: CommandPlace) async throws -> String {
        let list = try JSONDocument(parsing: try await place.runHere("cert", "list", "--json").output)
        guard case .array(let certificates)? = list["certificates"],
            let id = certificates.first(where: { $0["profile"]?.text == "server/1" })?["issuer"]?.text
        else { throw CommandPlace.NotPrepared(reason: "no issuer") }
        return id
    }

    @Test("publishes every CRL of a place that was never served, and openssl reads and verifies each kind")
    func publish() async throws {
        let place = try await CommandPlace.founded()
        let issuer = try await self.issuer(place)
        let made = try await self.document("crl-publication", place, "publish")
        #expect(made["published"]?.count == 16)
        #expect(made["leased"]?.count == 0)
        let list = try await self.document("crl-list", place, "show")
        #expect(list["crls"]?.count == 16)
        #expect(try await self.document("crl-list", place, "show", issuer)["crls"]?.count == 8)
        let one = try await self.document("crl", place, "show", "\(issuer)/3")
        #expect(one["crl"]?["published"]?["number"] == .number(1))
        #expect(one["crl"]?["published"]?["entries"] == .number(0))

        for (option, form) in [("--der", "DER"), ("--pem", "PEM")] {
            let text = try await place.shell(
                "\"$1\" crl show \"$2/3\" \(option) --config \"$3\" | openssl crl -inform \(form) -noout -text",
                [CommandPlace.binary, issuer, place.configuration],
                seconds: 60
            )
            #expect(text.output.contains("X509v3 CRL Number"), "\(text.output)\(text.errors)")
            #expect(text.output.contains("/pki/crl/\(issuer)/3.crl"))
            #expect(text.output.contains("No Revoked Certificates."))
        }
        let again = try await self.document("crl-publication", place, "publish", "\(issuer)/3")
        #expect(again["published"]?.count == 1)
        #expect(again["published"]?[0]?["published"]?["number"] == .number(2))
        let doctor = try await place.runHere("doctor", "--only", "crl")
        #expect(doctor.status == 0, "\(doctor.output)")
        #expect(doctor.output.contains("  ok    crl \(issuer)"))
    }

    @Test("leaves to a running service what that is just at, and says who it is")
    func leased() async throws {
        let place = try await CommandPlace.founded()
        let issuer = try await self.issuer(place)
        _ = try await self.document("crl-publication", place, "publish", issuer)
        let connection = try SQLiteConnection(path: place.path("var/gatehouse.db"), access: .readWrite)
        let lease = try connection.prepare("INSERT OR REPLACE INTO lease VALUES (?1, 'gatehouse on node 1', ?2)")
        try lease.bind("crl/\(issuer)/3", at: 1)
        try lease.bind(Int64(Date.now.timeIntervalSince1970 + 3_600) * 1_000_000, at: 2)
        try lease.run()
        let run = try await place.runHere("crl", "publish", "\(issuer)/3", "--json")
        #expect(run.status == 5, "\(run.output)")
        let document = try JSONDocument(parsing: run.output)
        #expect(try DocumentSchema("crl-publication").findings(in: document) == [])
        #expect(document["leased"]?[0]?["holder"]?.text == "gatehouse on node 1")
    }

    @Test("knows no other CRL, and does not publish without the passphrase")
    func refused() async throws {
        let place = try await CommandPlace.founded()
        let issuer = try await self.issuer(place)
        for (arguments, status) in [
            (["show", "2001-Z"], 3), (["show", "\(issuer)/99"], 3), (["publish", "\(issuer)/99"], 3),
            (["show", "\(issuer)/3", "--der"], 3), (["show", "a/b/c"], 2), (["show", "\(issuer)/x"], 2),
            (["show", "--der"], 2), (["show", "\(issuer)/3", "--der", "--pem"], 2),
        ] as [([String], Int32)] {
            let run = try await place.run(["crl"] + arguments + ["--json", "--config", place.configuration])
            #expect(run.status == status, "\(arguments): \(run.output)")
            #expect(try DocumentSchema("problem").findings(in: try JSONDocument(parsing: run.output)) == [])
        }
        try place.write("incorrect horse\n", to: "var/passphrase")
        #expect(try await place.runHere("crl", "publish").status == 2)
    }

    @Test("shows a revocation that waits, and publishes it")
    func revocation() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            let enrolled = try await gatehouse.simulation("kim").enroll()
            #expect(try await gatehouse.stop() == 0)
            _ = try await place.document("crl-publication", ["crl", "publish"])
            _ = try await place.document(
                "revocation",
                ["cert", "revoke", "--serial", enrolled.serialNumber, "--reason", "test"]
            )
            let certificate = try await place.document("cert", ["cert", "show", enrolled.serialNumber])["certificate"]
            guard case .number(let shard)? = certificate?["crlShard"], let issuer = certificate?["issuer"]?.text else {
                throw Place.Failure(description: "no shard")
            }
            let name = "\(issuer)/\(Int(shard))"
            let waiting = try await place.document("crl", ["crl", "show", name])
            #expect(waiting["crl"]?["waitingSince"] != .null)
            #expect(waiting["crl"]?["published"]?["entries"] == .number(0))
            _ = try await place.document("crl-publication", ["crl", "publish", name])
            let published = try await place.document("crl", ["crl", "show", name])
            #expect(published["crl"]?["waitingSince"] == .null)
            #expect(published["crl"]?["published"]?["entries"] == .number(1))
            let pem = try await place.run(["crl", "show", name, "--pem"]).output
            let text = try await ExternalCommand.run("openssl", ["crl", "-noout", "-text"], input: pem)
            #expect(text.output.contains(enrolled.serialNumber.uppercased()), "\(text.output)")
        }
    }
}

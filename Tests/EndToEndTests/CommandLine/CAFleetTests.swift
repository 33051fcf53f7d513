import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Glibc
import Testing

@Suite("gatehouse ca, beside a service with devices", .timeLimit(.minutes(25)))
struct CAFleetTests {
    /// Rehearses a step, and carries it out by the plan that it gave.
    @discardableResult
    private func carryOut(_ schema: String, _ place: Place, _ arguments: [String]) async throws -> JSONDocument {
        let rehearsed = try await place.document(schema, arguments)
        #expect(rehearsed["outcome"]?.text == "rehearsed")
        let plan = try #require(rehearsed["plan"]?.text)
        return try await place.document(schema, arguments + ["--commit", "--plan", plan])
    }

    private func issuers(_ place: Place) async throws -> [JSONDocument] {
        let status = try await place.document("ca-status", ["ca", "status", "--all"])
        if case .array(let issuers)? = status["issuers"] { return issuers }
        return []
    }

    private func issuer(_ id: String, _ place: Place) async throws -> JSONDocument {
        try #require(try await self.issuers(place).first { $0["id"]?.text == id })
    }

    /// The issuing authority that `init` made.
    private func first(_ place: Place) async throws -> String {
        let issuing = try await self.issuers(place).first { $0["role"]?.text == "issuing" }
        return try #require(issuing?["id"]?.text)
    }

    /// Who signed a device's certificate.
    private func signer(of serialNumber: String, _ place: Place) async throws -> String? {
        try await place.document("cert", ["cert", "show", serialNumber])["certificate"]?["issuer"]?.text
    }

    private func succeed(_ id: String, _ place: Place) async throws {
        try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--id", id])
        try await self.carryOut("ca-step", place, ["ca", "publish", id])
        try await self.carryOut("ca-step", place, ["ca", "activate", id])
    }

    @Test(
        "devices move to the new issuer as they renew; drain and adoption say who has not, and when they may",
        arguments: StoreKind.allCases
    )
    func move(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(on: store) { gatehouse in
            let place = gatehouse.place
            let first = try await self.first(place)
            let old = try await gatehouse.device(of: "kim")
            _ = try await gatehouse.contact(old)
            try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--id", "B"])
            try await self.carryOut("ca-step", place, ["ca", "publish", "B"])
            let lacking = try await place.document("ca-adoption", ["ca", "adoption", "B", "--missing"])
            #expect(lacking["devices"]?.count == 1)
            #expect(lacking["devices"]?[0]?["why"]?.text == "not-delivered")
            #expect(lacking["devices"]?[0]?["issuer"]?.text == first)
            #expect(lacking["devices"]?[0]?["renewal"]?.text == "opens")
            try await self.carryOut("ca-step", place, ["ca", "activate", "B"])

            let young = try await gatehouse.simulation("zoe").enroll()
            #expect(try await self.signer(of: young.serialNumber, place) == "B")
            let held = try await place.document("ca-drain", ["ca", "drain", first])
            #expect(held["devices"]?.count == 1)
            #expect(held["renewals"]?["later"] == .number(1))
            #expect(try await place.run(["ca", "drain", first]).output.contains("ca drain \(first) --hurry"))
            // The listeners' former certificate is by it, too, and nobody depends on that any more.
            try await gatehouse.wait("a certificate of the new issuer for the listeners") {
                try await self.issuer(first, place)["liveCertificates"] == .number(1)
            }
            let refused = try await place.run(["ca", "retire", first])
            #expect(refused.status == 4)
            #expect(refused.errors.contains("GH-CA-001"))
            #expect(refused.errors.firstMatch(of: /used by +device .*kim/) != nil, "\(refused.errors)")
            #expect(!refused.errors.contains("server/"), "\(refused.errors)")

            // Too early by its schedule, until its issuer is hurried.
            let early = try await gatehouse.outcome(of: old)
            #expect(throws: SimulationFailure.self) { try early.get() }
            try await self.carryOut("ca-step", place, ["ca", "drain", first, "--hurry"])
            #expect(
                try await place.document("ca-drain", ["ca", "drain", first])["renewals"]?["open"] == .number(1)
            )
            let renewed = try await gatehouse.renew(old)
            let now = try #require(try await place.document("device-list", ["device", "list"])["devices"])
            #expect(now.count == 2)
            for device in try await place.certificates() where device.profile == "device/1" && device.state == "issued"
            {
                #expect(try await self.signer(of: device.serialNumber, place) == "B")
            }
            _ = try await gatehouse.contact(renewed)
            #expect(try await self.issuer("B", place)["knowingDevices"] == .number(2))
            #expect(try await place.document("ca-drain", ["ca", "drain", first])["devices"]?.count == 0)

            // The service takes a certificate of the new issuer for its listener by itself.
            try await gatehouse.wait("nothing hangs on it") {
                try await self.issuer(first, place)["liveCertificates"] == .number(0)
            }
            let retired = try await self.carryOut("ca-step", place, ["ca", "retire", first])
            #expect(retired["destroyedKeys"]?.texts == [first])
            #expect(try await self.issuer(first, place)["state"]?.text == "retired")
            #expect(try await self.issuer(first, place)["key"]?.text == "destroyed")
            _ = try await gatehouse.simulation("pat").enroll()
        }
    }

    @Test("of an issuer that was published and taken back nothing is served any more")
    func takenBack() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--id", "B"])
            try await self.carryOut("ca-step", place, ["ca", "publish", "B"])
            try await gatehouse.wait("what it has ready") {
                let answers = try await place.query("SELECT 1 FROM service_certificate WHERE use = 'ocsp/B'")
                let list = try await gatehouse.get("/pki/crl/B/0.crl").status
                return answers.count == 1 && list == 200
            }
            try await self.carryOut("ca-step", place, ["ca", "abort", "B"])
            try await gatehouse.wait("the end of it") {
                let list = try await gatehouse.get("/pki/crl/B/0.crl").status
                let certificate = try await gatehouse.get("/pki/issuer/B.cer").status
                return list == 404 && certificate == 404
            }
            #expect(try await place.query("SELECT 1 FROM service_certificate WHERE use = 'ocsp/B'") == [])
            #expect(try await place.query("SELECT 1 FROM crl_shard WHERE issuer_id = 'B'") == [])
        }
    }

    @Test("a root that too few devices trust is not activated, unless somebody says why")
    func gate() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            _ = try await gatehouse.contact(try await gatehouse.device(of: "kim"))
            try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--role", "root"])
            try await self.carryOut("ca-step", place, ["ca", "publish", "R2"])
            let refused = try await place.problem(["ca", "activate", "R2"], status: 4)
            #expect(refused["details"]?["rule"]?.text == "rotation.not-adopted")
            #expect(refused["details"]?["try"]?.text?.contains("--missing") == true)
            let figures = try await place.document("ca-adoption", ["ca", "adoption", "R2"])
            #expect(figures["adopted"] == .boolean(false))
            #expect(figures["reasons"]?["not-delivered"] == .number(1))
            let despite = ["ca", "activate", "R2", "--despite-adoption", "one spare device"]
            let done = try await self.carryOut("ca-step", place, despite)
            #expect(done["overridden"]?.text == "one spare device")
            #expect(try await self.issuer("R1", place)["state"]?.text == "draining")
        }
    }

    @Test(
        "a compromised issuer stops at once, a successor signs, and everything it signed is revoked; again says so",
        arguments: StoreKind.allCases
    )
    func compromise(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(on: store) { gatehouse in
            let place = gatehouse.place
            let first = try await self.first(place)
            let devices = [
                try await gatehouse.simulation("kim").enroll(), try await gatehouse.simulation("zoe").enroll(),
            ]
            let command = ["ca", "compromise", first, "--reason", "key was copied"]
            let rehearsed = try await place.document("ca-compromise", command)
            #expect(rehearsed["outcome"]?.text == "rehearsed")
            #expect((rehearsed["left"] ?? .null) != .number(0))
            #expect(try await self.issuers(place).count == 2)
            #expect(try await place.devices().allSatisfy { $0.state != "revoked" })
            let successor = try #require(rehearsed["successor"]?.text)
            let plan = try #require(rehearsed["plan"]?.text)
            #expect(try await place.problem(command + ["--commit"], status: 4)["code"]?.text == "GH-CA-003")

            let done = try await place.document("ca-compromise", command + ["--commit", "--plan", plan])
            #expect(done["outcome"]?.text == "done")
            #expect(done["endedDevices"] == .number(2))
            #expect(done["left"] == .number(0))
            #expect(try await self.issuer(first, place)["state"]?.text == "compromised")
            #expect(try await self.issuer(successor, place)["state"]?.text == "active")
            for device in devices {
                let certificate = try await place.document("cert", ["cert", "show", device.serialNumber])
                #expect(certificate["revocation"]?["reason"]?.text == "cACompromise")
            }
            let again = try await place.document("ca-compromise", command)
            #expect(again["outcome"]?.text == "already")
            // The device enrolls again, without a permit, and is signed for by the successor.
            let back = try await gatehouse.simulation("kim").enroll()
            #expect(try await self.signer(of: back.serialNumber, place) == successor)
            #expect(try await place.problem(["ca", "publish", first], status: 4)["code"]?.text == "GH-CA-001")
        }
    }

    @Test("a compromise at a rate stops by Ctrl-C after the wave in hand, and goes on where it was")
    func interrupted() async throws {
        var settings = Place.Settings()
        settings.deviceLimit = 10
        try await RunningGatehouse.serve(settings) { gatehouse in
            let place = gatehouse.place
            let first = try await self.first(place)
            for uid in ["kim", "zoe", "pat"] { _ = try await gatehouse.simulation(uid).enroll() }
            let command = ["ca", "compromise", first, "--reason", "key was copied", "--rate", "1"]
            let plan = try #require(try await place.document("ca-compromise", command)["plan"]?.text)
            let file = place.folder.appending(path: "compromise.txt").path
            // A wave a minute: the second one is a minute away when the signal comes.
            let run = try FixtureProcess(
                ["/bin/sh", "-c", "exec \"$@\" > \"$0\" 2>&1", file]
                    + place.line(command + ["--commit", "--plan", plan, "--config", place.configuration.path]),
                errorFile: file + ".errors"
            )
            try await gatehouse.wait("the first wave") {
                try await place.certificates().contains { $0.state == "revoked" }
            }
            #expect(kill(run.identifier, SIGINT) == 0)
            var status: Int32?
            try await gatehouse.wait("its end") {
                status = run.poll()
                return status != nil
            }
            #expect(status == 1)
            let said = try String(contentsOfFile: file, encoding: .utf8)
            #expect(said.contains("Stopped. \(first) is compromised"), "\(said)")
            let standing = try await place.document("ca-status", ["ca", "status"])
            #expect(standing["needsSomebody"] == .boolean(true))
            let next = try #require(said.firstMatch(of: /To go on:.*--plan (P-[0-9A-Z-]+)/)?.output.1)
            let rest = command.dropLast(2) + ["--rate", "60000", "--commit", "--plan", String(next)]
            let done = try await place.document("ca-compromise", Array(rest))
            #expect(done["outcome"]?.text == "done")
            #expect(try await place.devices().allSatisfy { $0.state == "revoked" })
        }
    }
}

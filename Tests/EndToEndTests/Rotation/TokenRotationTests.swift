import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing
import X509Kit

@Suite("gatehouse ca with keys on a token", .timeLimit(.minutes(25)))
struct TokenRotationTests {
    @Test(
        "an issuer is prepared on a token, signs there for a running service, and leaves nothing there when it is over"
    )
    func wholeLife() async throws {
        let token = try await ConfiguredToken()
        var settings = Place.Settings(more: token.section, tellsStatus: true)
        settings.deviceLimit = 100
        try await RunningGatehouse.serve(settings) { gatehouse in
            let place = gatehouse.place
            try await place.rotate(["prepare", "--token", "hsm", "--id", "B"])
            #expect(try token.soft.objectCount() == 2)
            #expect(try await place.issuer("B")["key"]?.text == "token")
            #expect(try await place.issuer("B")["state"]?.text == "prepared")
            try await place.rotate(["publish", "B"])
            try await place.rotate(["activate", "B"])

            // The service takes up what the command did within a second.
            var octets: [UInt8] = []
            try await gatehouse.wait(for: "B's certificate") {
                let answer = try await gatehouse.get("/pki/issuer/B.cer")
                octets = Array(answer.body)
                return answer.status == 200
            }
            let issuer = try Certificate(der: octets).subject
            var devices: [DeviceIdentity] = []
            try await gatehouse.wait(for: "a certificate of B") {
                devices.append(try await gatehouse.device(of: "kim"))
                return try devices.last.map { try Certificate(der: $0.certificate).issuer == issuer } ?? false
            }
            let device = try #require(devices.last)
            // With its first CRL, which the token has signed as well.
            try await gatehouse.wait(for: "openssl to be content") { try await gatehouse.verifies(device) == nil }
            try await gatehouse.wait(for: "its status") { try await gatehouse.status(of: device) == .good }
            let examined = try await place.command("doctor", "--only", "pkcs11", "--only", "keys")
            #expect(examined.output.contains("logged in; keys of B"), "\(examined.output)")
            #expect(examined.output.contains("on a token, belongs to its certificate, signs"), "\(examined.output)")

            // The next one is in the store; what hangs on the token's ends.
            try await place.rotate(["prepare", "--sealed", "--id", "C"])
            try await place.rotate(["publish", "C"])
            try await place.rotate(["activate", "C"])
            let held = try await place.run(["ca", "retire", "B", "--json"])
            #expect(held.status == 4, "\(held.output)\(held.errors)")
            for device in devices { try await place.order("retire", device, "a test") }
            try await gatehouse.wait(for: "nothing on B") {
                try await place.issuer("B")["liveCertificates"] == .number(0)
            }
            try await place.rotate(["retire", "B"])
            #expect(try await place.issuer("B", all: true)["key"]?.text == "destroyed")
            #expect(try token.soft.objectCount() == 0)
            let after = try await place.command("doctor", "--only", "pkcs11")
            #expect(after.status == 0 && after.output.contains("logged in; no issuer's key"), "\(after.output)")
            _ = try await gatehouse.simulation("kim").enroll()
        }
    }

    @Test("what is taken back is destroyed on the token, and, where that was away, as soon as it is asked for again")
    func aborted() async throws {
        let token = try await ConfiguredToken()
        let place = try await Self.place(token)
        try await place.rotate(["prepare", "--token", "hsm", "--id", "B"])
        #expect(try token.soft.objectCount() == 2)
        try await place.rotate(["abort", "B"])
        #expect(try token.soft.objectCount() == 0)

        try await place.rotate(["prepare", "--token", "hsm", "--id", "C", "--algorithm", "rsa-2048"])
        try await place.rotate(["publish", "C"])
        let abort = ["ca", "abort", "C", "--json"]
        let rehearsal = try await place.run(abort)
        let plan = try #require(try JSONDocument(parsing: rehearsal.output)["plan"]?.text)
        try token.soft.pullOut()
        let problem = try await place.problem(["ca", "abort", "C", "--commit", "--plan", plan], status: 5)
        #expect(problem["details"]?["rule"]?.text == "token.away", "\(problem)")
        #expect(try await place.issuer("C", all: true)["state"]?.text == "aborted")
        try token.soft.putBack()
        #expect(try token.soft.objectCount() == 2)
        let again = try await place.run(abort + ["--commit"])
        #expect(again.status == 0, "\(again.output)\(again.errors)")
        #expect(try token.soft.objectCount() == 0)
    }

    @Test("an unknown token, a wrong PIN and a token that is away are told apart, and nothing is made")
    func refused() async throws {
        let module = try await WatchedModule()
        let token = try await ConfiguredToken(module)
        let place = try await Self.place(token)
        let prepare = ["ca", "prepare", "--token", "hsm", "--id", "B"]
        let rehearsal = try await place.document("ca-prepare", prepare)
        let plan = try #require(rehearsal["plan"]?.text)
        #expect(try token.soft.objectCount() == 0, "it was rehearsed")

        let unknown = try await place.problem(["ca", "prepare", "--token", "other"], status: 2)
        #expect(unknown["code"]?.text == "GH-PKCS11-001")
        #expect(unknown["details"]?["there is"]?.text == "hsm")

        try token.write(pin: "0000")
        for step in [prepare, prepare + ["--commit", "--plan", plan]] {
            _ = try module.takeCalls()
            let wrong = try await place.problem(step, status: 1)
            #expect(wrong["details"]?["rule"]?.text == "token.pin", "\(wrong)")
            let calls = try module.takeCalls()
            #expect(calls.filter { $0 == "login" }.count == 1, "offered once: \(calls)")
            #expect(calls.last == "finalize", "\(calls)")
        }
        try token.write(pin: token.soft.pin)

        try token.soft.pullOut()
        for step in [prepare, prepare + ["--commit", "--plan", plan]] {
            let away = try await place.problem(step, status: 5)
            #expect(away["details"]?["rule"]?.text == "token.away", "\(away)")
            #expect(try module.takeCalls().last == "finalize")
        }
        try token.soft.putBack()
        #expect(try await place.issuers().count == 2)
        #expect(try token.soft.objectCount() == 0)

        // What was rehearsed before all that still holds, and the token is not locked.
        let done = try await place.document("ca-prepare", prepare + ["--commit", "--plan", plan])
        #expect(done["outcome"]?.text == "done")
        #expect(try token.soft.objectCount() == 2)
        #expect(try module.takeCalls().contains("late") == false)
    }

    /// An authority with its keys in the store, which nobody serves.
    private static func place(_ token: ConfiguredToken) async throws -> Place {
        try await Place(Place.Settings(more: token.section), directory: try RunningGatehouse.directory.get())
    }
}

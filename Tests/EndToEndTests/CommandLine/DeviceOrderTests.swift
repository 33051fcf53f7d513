import DeviceSimulator
import EnrollmentTestKit
import Foundation
import SQLText
import SQLiteKit
import Testing

@Suite("Orders for a device", .timeLimit(.minutes(25)))
struct DeviceOrderTests {
    @Test(
        "a reset revokes, frees the slot, leaves a permit, tells the management server and is recorded",
        arguments: StoreKind.allCases
    )
    func reset(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(on: store) { gatehouse in
            let place = gatehouse.place
            let enrolled = try await gatehouse.simulation("kim").enroll()
            let id = enrolled.entDMID
            let done = try await place.document(
                "device-order",
                ["device", "reset", id, "--reason", "mainboard replaced", "--ticket", "INC0048812"]
            )
            #expect(done["outcome"]?.text == "done")
            #expect(done["device"]?["state"]?.text == "reset")
            #expect(done["certificates"]?.texts == [enrolled.serialNumber.lowercased()])
            #expect(done["permitUntil"]?.text != nil)
            #expect(done["event"]?.text != nil)
            #expect(done["slots"]?["used"] == .number(0))
            #expect(done["act"]?["reason"]?.text == "mainboard replaced")
            #expect(done["act"]?["actor"]?.text?.contains("@") == true)

            let again = try await place.document("device-order", ["device", "reset", id, "--reason", "once more"])
            #expect(again["outcome"]?.text == "already")
            #expect(again["act"] == done["act"])
            #expect(again["certificates"]?.count == 0)
            let screen = try await place.run(["device", "reset", id, "--reason", "once more"])
            #expect(screen.status == 0)
            let trace = try #require(done["act"]?["trace"]?.text)
            #expect(screen.output.contains("already reset at "))
            #expect(screen.output.contains("(trace \(trace)). Nothing to do."), "\(screen.output)")

            let act = try await place.document("act", ["attempt", "show", trace.lowercased()])
            #expect(act["act"]?["act"] == done["act"])
            #expect(act["act"]?["device"]?.text == id)
            let device = try await place.document("device", ["device", "show", id])
            #expect(device["permits"]?[0]?["kind"]?.text == "enrollment")
            #expect(device["acts"]?.count == 1)
            #expect(device["acts"]?[0]?["act"] == done["act"])
            #expect(device["certificates"]?[0]?["state"]?.text == "revoked")
            let certificate = try await place.document("cert", ["cert", "show", enrolled.serialNumber])
            #expect(certificate["revocation"]?["reason"]?.text == "cessationOfOperation")
            for words in [id, "mainboard replaced (INC0048812)", "to enroll once more"] {
                #expect(try await place.run(["device", "show", id]).output.contains(words))
            }
        }
    }

    @Test(
        "the same hardware comes back once after a reset, and not at all without a permit",
        arguments: StoreKind.allCases
    )
    func permits(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(on: store) { gatehouse in
            let place = gatehouse.place
            var simulation = try gatehouse.simulation("kim")
            simulation.seed = 7
            let first = try await simulation.enroll()
            let retired = try await place.document(
                "device-order",
                ["device", "retire", first.entDMID, "--reason", "sold"]
            )
            #expect(retired["device"]?["state"]?.text == "revoked")
            #expect(retired["permitUntil"] == .null)
            let refusal = try await simulation.fault().fault
            let trace = try #require(refusal.traceID)
            #expect(try await place.attempt(trace).rule == "device.permit")

            let permit = try await place.document(
                "device-order",
                ["device", "permit", first.entDMID, "--reason", "bought back", "--days", "14d"]
            )
            #expect(permit["outcome"]?.text == "done")
            #expect(permit["permitUntil"]?.text != nil)
            let second = try await simulation.enroll()
            #expect(second.entDMID != first.entDMID)
            #expect(try await place.document("device", ["device", "show", first.entDMID])["permits"]?.count == 0)
        }
    }

    @Test("a hold is undone by resume, and each says so when it was done before", arguments: StoreKind.allCases)
    func hold(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(on: store) { gatehouse in
            let place = gatehouse.place
            let enrolled = try await gatehouse.simulation("kim").enroll()
            let id = enrolled.entDMID
            let held = try await place.document("device-order", ["device", "hold", id, "--reason", "lost"])
            #expect(held["device"]?["state"]?.text == "held")
            #expect(held["slots"]?["used"] == .number(1))
            #expect(held["certificates"]?.texts == [enrolled.serialNumber.lowercased()])
            let again = try await place.document("device-order", ["device", "hold", id, "--reason", "lost"])
            #expect(again["outcome"]?.text == "already")
            #expect(again["act"] == held["act"])
            #expect(try await place.run(["device", "show", id]).output.contains("  hold          "))
            let screen = try await place.run(["device", "show", id]).output
            #expect(screen.contains("revoked ") && screen.contains("(certificateHold)"), "\(screen)")

            let resumed = try await place.document("device-order", ["device", "resume", id, "--reason", "found"])
            #expect(resumed["device"]?["state"]?.text != "held")
            #expect(resumed["certificates"]?.texts == [enrolled.serialNumber.lowercased()])
            let certificate = try await place.document("cert", ["cert", "show", enrolled.serialNumber])
            #expect(certificate["revocation"] == .null)
            #expect(certificate["certificate"]?["state"]?.text == "issued")
            let idle = try await place.document("device-order", ["device", "resume", id, "--reason", "found"])
            #expect(idle["outcome"]?.text == "already")
        }
    }

    @Test("take a name that one live device has, and neither a part of an id nor a name that two have")
    func names() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            let enrolled = try await gatehouse.simulation("kim", "zoe").run().enrolledDevices
            try #require(enrolled.count == 2)
            let connection = try SQLiteConnection(path: place.database, access: .readWrite)
            try connection.execute("UPDATE device SET name = 'KIOSK', name_key = 'kiosk'")
            let order = ["--reason", "test"]
            let part = String(enrolled[0].entDMID.prefix(13))
            let usage = try await place.problem(["device", "reset", part] + order, status: 2)
            #expect(usage["details"]?["try"]?.text == enrolled[0].entDMID)
            let ambiguous = try await place.problem(["device", "hold", "kiosk"] + order, status: 3)
            #expect(ambiguous["details"]?[enrolled[0].entDMID]?.text?.contains("@corp.example") == true)
            for unknown in ["NOWHERE", "6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1"] {
                _ = try await place.problem(["device", "reset", unknown] + order, status: 3)
            }
            _ = try await place.document("device-order", ["device", "reset", enrolled[0].entDMID] + order)
            let byName = try await place.document("device-order", ["device", "hold", "kiosk"] + order)
            #expect(byName["device"]?["id"]?.text == enrolled[1].entDMID)
        }
    }

    @Test("that a device's state does not allow are refused with status 4 and change nothing")
    func refused() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            let id = try await gatehouse.simulation("kim").enroll().entDMID
            let live = try await place.problem(["device", "permit", id, "--reason", "why not"], status: 4)
            #expect(live["code"]?.text == "GH-DEVICE-001")
            _ = try await place.document("device-order", ["device", "reset", id, "--reason", "gone", "--no-permit"])
            _ = try await place.problem(["device", "hold", id, "--reason", "too late"], status: 4)
            #expect(try await place.document("device", ["device", "show", id])["acts"]?.count == 1)
        }
    }

    @Test(
        "are refused as a wrong use before anything is opened",
        arguments: [
            ["reset", "X"], ["reset", "X", "--reason", " "],
            ["reset", "X", "--reason", "r", "--no-permit", "--permit-days", "3"],
            ["reset", "X", "--reason", "r", "--revocation-reason", "certificateHold"],
            ["reset", "X", "--reason", "r", "--revocation-reason", "gone"],
            ["permit", "X", "--reason", "r", "--days", "0"],
            ["retire", "X", "--reason", String(repeating: "r", count: 501)],
        ]
    )
    func usage(arguments: [String]) async throws {
        let place = try CommandPlace()
        let run = try await place.run(["device"] + arguments + ["--json", "--config", place.configuration])
        #expect(run.status == 2, "\(run.output)")
        #expect(try DocumentSchema("problem").findings(in: try JSONDocument(parsing: run.output)) == [])
    }

    @Test("devices about to fall out are listed with days left, and --exit-code tells whether there are any")
    func fallingOut() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            let id = try await gatehouse.simulation("kim").enroll().entDMID
            let list = ["device", "list", "--falling-out", "--exit-code"]
            #expect(try await place.document("falling-out", list)["devices"]?.count == 0)
            let soon = try await place.document("falling-out", list + ["--within", "366d"], status: 1)
            #expect(soon["devices"]?[0]?["device"]?["id"]?.text == id)
            #expect(soon["devices"]?[0]?["lastRefusedRenewal"] == .null)
            if case .number(let days)? = soon["devices"]?[0]?["daysLeft"] { #expect((363...364).contains(days)) }
            #expect(try await place.run(list + ["--within", "400"]).output.contains(id))
            for wrong in [["--user", "kim"], ["--state", "active"]] {
                _ = try await place.problem(list + wrong, status: 2)
            }
            _ = try await place.problem(["device", "list", "--within", "30d"], status: 2)
        }
    }
}

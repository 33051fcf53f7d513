import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing

@Suite("From an enrollment to the first management session", .timeLimit(.minutes(25)))
struct FirstSessionTests {
    /// Serves a place with the example receiver beside it.
    private func serve(
        on store: StoreKind,
        tellingIt isTold: Bool = true,
        _ body: (RunningGatehouse, ExampleReceiver) async throws -> Void
    ) async throws {
        let receiver = try await ExampleReceiver()
        var settings = Place.Settings()
        settings.tellsStatus = true
        settings.managementAddress = receiver.address
        settings.more = isTold ? receiver.section : ""
        try await RunningGatehouse.serve(settings, on: store) { gatehouse in
            do {
                try await body(gatehouse, receiver)
            } catch {
                Issue.record("\(error)\nreceiver: \(receiver.log.suffix(2_000))\n\(gatehouse.log.suffix(2_000))")
            }
            receiver.stop()
        }
    }

    private func simulation(_ gatehouse: RunningGatehouse, _ receiver: ExampleReceiver) throws -> WindowsSimulation {
        var simulation = try gatehouse.simulation("kim")
        simulation.resolve.append(receiver.resolution)
        simulation.managementAuthorities = try receiver.authority
        // Nothing but the management server's word makes the device active.
        simulation.provesPossession = false
        simulation.manages = true
        return simulation
    }

    @Test(
        "the device's event arrives, its secrets open the session, and its contact is confirmed",
        arguments: StoreKind.allCases
    )
    func whole(_ store: StoreKind) async throws {
        try await self.serve(on: store) { gatehouse, receiver in
            try await receiver.start(beside: gatehouse.place)
            let enrolled = try await self.simulation(gatehouse, receiver).enroll()
            let contact = try #require(enrolled.management)
            #expect(contact.deviceProof == .digest)
            #expect(contact.serverProof == .digest)
            #expect(contact.commands.map(\.code) == [200, 200, 200])
            #expect(try await gatehouse.place.devices().map(\.state) == ["active"])
            try await gatehouse.wait("the webhook") {
                let events = try await receiver.summary()["events"]
                return events?[0]?["type"]?.text == "gatehouse.device.enrolled"
            }
            let device = try #require(try await receiver.summary()["devices"]?[0])
            #expect(device["id"]?.text == enrolled.entDMID)
            #expect(device["standing"]?.text == "managed")
            #expect(device["contact"]?.text == "confirmed")
            #expect(device["user"]?.text == "kim@corp.example")
            #expect(device["hasSecrets"] == .boolean(true))
            #expect(device["facts"]?["./DevDetail/SwV"]?.text == "10.0.26200.9278")
            let identity = try #require(enrolled.identity)
            let account = String(decoding: identity.document, as: UTF8.self)
            for secret in account.split(separator: "AAUTHSECRET\" value=\"").dropFirst() {
                let value = String(secret.prefix { $0 != "\"" })
                #expect(!gatehouse.log.contains(value) && !receiver.log.contains(value), "a secret was written down")
            }
        }
    }

    @Test("no webhook at all: the receiver reads the feed when it meets a device that it does not know")
    func pulled() async throws {
        try await self.serve(on: .sqlite, tellingIt: false) { gatehouse, receiver in
            try await receiver.start(beside: gatehouse.place)
            let enrolled = try await self.simulation(gatehouse, receiver).enroll()
            #expect(enrolled.management?.messages == 2)
            let summary = try await receiver.summary()
            #expect(summary["events"]?[0]?["cameBy"]?.text == "pull")
            #expect(summary["devices"]?[0]?["contact"]?.text == "confirmed")
        }
    }

    @Test("a receiver that was down gets what it missed, in order, once in effect", arguments: StoreKind.allCases)
    func outage(_ store: StoreKind) async throws {
        try await self.serve(on: store) { gatehouse, receiver in
            var simulation = try self.simulation(gatehouse, receiver)
            simulation.manages = false
            let enrolled = try await simulation.enroll()
            for order in ["hold", "resume", "hold"] {
                let run = try await gatehouse.place.run(["device", order, enrolled.entDMID, "--reason", "test"])
                #expect(run.status == 0, "\(run.errors)")
            }
            try await receiver.start(beside: gatehouse.place)
            try await gatehouse.wait("four events") { try await receiver.summary()["events"]?.count == 4 }
            let summary = try await receiver.summary()
            #expect((0..<4).map { summary["events"]?[$0]?["generation"] } == (1...4).map { .number(Double($0)) })
            #expect(summary["devices"]?[0]?["standing"]?.text == "held")
        }
    }

    @Test("a device whose certificate counts no longer is turned away within two seconds")
    func revoked() async throws {
        try await self.serve(on: .sqlite) { gatehouse, receiver in
            try await receiver.start(beside: gatehouse.place)
            let enrolled = try await self.simulation(gatehouse, receiver).enroll()
            let identity = try #require(enrolled.identity)
            var access = ServerAccess()
            access.trustedAuthorities = try receiver.authority
            access.resolve = [receiver.resolution]
            #expect(try await ManagementContact.make(identity, access).deviceProof == .digest)
            let held = try await gatehouse.place.run(["device", "hold", enrolled.entDMID, "--reason", "lost"])
            #expect(held.status == 0, "\(held.errors)")
            let allowed = access
            try await gatehouse.wait("the device to be turned away") {
                do throws(SimulationFailure) {
                    _ = try await ManagementContact.make(identity, allowed)
                    return false
                } catch {
                    #expect(error == .turnedAway(.manage, "HTTP 403 for the certificate in TLS"))
                    return true
                }
            }
        }
    }

    @Test("the commands say the same in documents that their schemas describe")
    func documents() async throws {
        try await self.serve(on: .sqlite) { gatehouse, receiver in
            try await receiver.start(beside: gatehouse.place)
            let place = gatehouse.place
            let password = try place.keep(secret: Person.password(of: "kim"), as: "kim.txt")
            let laptop = place.folder.appending(path: "laptop").path
            let way = [
                "--ca", place.rootFile.path, "--manage-ca", receiver.folder.appending(path: "ca.pem").path, "--resolve",
                place.resolution, "--resolve", receiver.resolution,
            ]
            let enrolled = try await place.document(
                "simulation",
                [
                    "simulate", "windows", "enroll", "--server", place.url, "--user", "kim@corp.example",
                    "--password-file",
                ]
                    + [password, "--skip-proof", "--manage", "--save", laptop] + way
            )
            #expect(enrolled["outcomes"]?[0]?["management"]?["deviceProof"]?.text == "digest")
            let managed = try await place.document(
                "management-session",
                ["simulate", "windows", "manage", "--identity", laptop] + way
            )
            #expect(managed["device"] == enrolled["outcomes"]?[0]?["device"])
            // The receiver has another nonce for its next proof than the document of the enrollment.
            #expect(managed["session"]?["serverProof"]?.text == "digest")
            let atOnce = try await place.document(
                "management-session",
                ["simulate", "windows", "manage", "--identity", laptop, "--credentials-at-once"] + way
            )
            #expect(atOnce["session"]?["deviceProof"]?.text == "digest")
        }
    }
}

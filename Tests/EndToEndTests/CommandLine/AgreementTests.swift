import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing

@Suite("What replicas agree on", .timeLimit(.minutes(25)))
struct AgreementTests {
    private func document(_ run: Place.Run) throws -> JSONDocument {
        let document = try JSONDocument(parsing: run.output)
        #expect(try DocumentSchema("agreement").findings(in: document).isEmpty, "\(run.output)")
        return document
    }

    @Test("is changed after a rehearsal; replicas notice, keep their own until they are reloaded, and say so")
    func change() async throws {
        var settings = Replicas.Settings()
        settings.count = 2
        try await Replicas.serve(settings) { replicas in
            let (one, two) = (replicas[0], replicas[1])
            let before = try self.document(try await one.place.run(["config", "agree", "--json"]))
            #expect(before["status"]?.text == "nothing")

            var other = settings.place
            other.deviceLimit = 1
            other.more = "crl: { intervalHours: 3 },"
            try one.place.write(other)
            // Not agreed on: the file is right in itself, and nothing of it is taken.
            one.signal(SIGHUP)
            try await one.wait("refused reload") { one.log.contains("configuration not reloaded") }
            #expect(one.log.contains("deviceLimit.default"))

            let rehearsal = try self.document(try await one.place.run(["config", "agree", "--json"]))
            #expect(rehearsal["status"]?.text == "rehearsed")
            #expect(rehearsal["changes"]?[0]?["name"]?.text == "crl.intervalHours")
            #expect(rehearsal["changes"]?[1]?["name"]?.text == "deviceLimit.default")
            #expect(rehearsal["changes"]?[1]?["from"]?.text == "10")
            #expect(rehearsal["changes"]?[1]?["to"]?.text == "1")
            let plan = try #require(rehearsal["plan"]?.text)
            #expect(try await one.figures("gatehouse_agreement_differences") == ["": 0])

            let commit = ["config", "agree", "--commit", "--reason", "one device is enough", "--json"]
            let wrong = try await one.place.run(commit + ["--plan", "P-0000-0000"])
            #expect(wrong.status == 4)
            let done = try self.document(try await one.place.run(commit + ["--plan", plan]))
            #expect(done["status"]?.text == "done")
            let trace = try #require(done["trace"]?.text)
            let act = try JSONDocument(parsing: try await one.place.run(["attempt", "show", trace, "--json"]).output)
            #expect(try DocumentSchema("act").findings(in: act).isEmpty)

            for replica in [one, two] {
                try await replica.wait("noticed") { replica.log.contains("replicas agreed on another value") }
                #expect(try await replica.figures("gatehouse_agreement_differences") == ["": 2])
                let readiness = try await replica.readiness()
                #expect(readiness.isReady)
                #expect(readiness.reasons.contains("\"agreement\""), "\(readiness.reasons)")
            }
            // Both go by their own: two devices are still let in.
            _ = try await two.simulation("kim").enroll()
            _ = try await one.simulation("kim").enroll()

            one.signal(SIGHUP)
            try await one.wait("reloaded") { one.log.contains("configuration reloaded") }
            // The interval of CRLs waits for a start.
            try await self.wait { try await one.figures("gatehouse_agreement_differences") == ["": 1] }
            #expect(try await one.simulation("zoe").enroll().serialNumber.isEmpty == false)
            #expect(try await one.simulation("zoe").fault().fault.errorType == "DeviceCapReached")

            // Who still has the former file is not let in again.
            #expect(try await two.stop() == 0)
            let refused = try await two.place.run(["serve"])
            #expect(refused.status == 2)
            #expect(refused.errors.contains("GH-AGREE-001"), "\(refused.errors)")
            #expect(refused.errors.contains("deviceLimit.default   10 here, 1 agreed on"), "\(refused.errors)")
            try two.place.write(other)
            try await two.start()
            try await self.wait { try await two.figures("gatehouse_agreement_differences") == ["": 0] }
            #expect(try await one.stop() == 0)
            try await one.start()
            try await self.wait { try await one.figures("gatehouse_agreement_differences") == ["": 0] }
        }
    }

    @Test("takes a profile by its content, and lets each replica listen and log as it likes")
    func contents() async throws {
        var settings = Replicas.Settings()
        settings.count = 1
        try await Replicas.serve(settings) { replicas in
            let newcomer = try replicas.newcomer(1)
            let folder = newcomer.place.folder.appending(path: "own-profiles")
            try FileManager.default.copyItem(at: Place.profiles, to: folder)
            let text = try String(contentsOf: newcomer.place.configuration, encoding: .utf8)
                .replacingOccurrences(of: Place.profiles.path, with: folder.path)
                .replacingOccurrences(
                    of: "management:",
                    with: "log: { level: \"debug\" }, limits: { connections: 99 }, management:"
                )
            try newcomer.place.write(text)
            // The same profiles in another place are the same.
            try await newcomer.start()
            #expect(try await newcomer.stop() == 0)
            let device = folder.appending(path: "device.json5")
            let changed = try String(contentsOf: device, encoding: .utf8) + "\n// changed\n"
            try Data(changed.utf8).write(to: device)
            let refused = try await newcomer.place.run(["serve"])
            #expect(refused.status == 2)
            #expect(refused.errors.contains("profile.device"), "\(refused.errors)")
        }
    }

    @Test("is nothing to speak of where one process has the store alone")
    func alone() async throws {
        let place = try await CommandPlace.founded()
        let run = try await place.runHere("config", "agree", "--json")
        #expect(run.status == 0)
        let document = try JSONDocument(parsing: run.output)
        #expect(try DocumentSchema("agreement").findings(in: document).isEmpty)
        #expect(document["status"]?.text == "nothing")
        #expect(try await place.runHere("config", "agree", "--plan", "P-0000-0000").status == 2)
        #expect(try await place.runHere("config", "agree", "--commit").status == 2)
    }

    @Test("founding goes on where an earlier one broke off, and the doctor finds the server in order")
    func founding() async throws {
        try await RunningGatehouse.databases.get().withDatabase { database in
            let place = try Place(
                unfounded: Place.Settings(),
                directory: try RunningGatehouse.directory.get(),
                store: .postgres(PostgresAccess(database))
            )
            #expect(try await place.run(["init"]).status == 0)
            let former = try await place.certificates().map(\.serialNumber)
            // As if it had been killed before its last step.
            try await database.psql("DELETE FROM sealing")
            let serve = try await place.run(["serve"])
            #expect(serve.status == 1)
            #expect(serve.errors.contains("gatehouse init"), "\(serve.errors)")
            let again = try await place.run(["init"])
            #expect(again.status == 0, "\(again.errors)")
            #expect(again.output.contains("in place of what an init left that was ended half-way"))
            let certificates = try await place.certificates().map(\.serialNumber)
            #expect(certificates.count == former.count)
            #expect(Set(certificates).isDisjoint(with: former))
            let third = try await place.run(["init"])
            #expect(third.status == 4)
            #expect(third.errors.contains("GH-INIT-001"), "\(third.errors)")

            let doctor = try await place.run(["doctor", "--all", "--json"])
            let document = try JSONDocument(parsing: doctor.output)
            #expect(try DocumentSchema("doctor").findings(in: document).isEmpty)
            for name in ["store", "store.tls", "store.durability", "store.standby", "store.connections", "clock store"]
            {
                #expect(doctor.output.contains("\"name\": \"\(name)\""), "\(name): \(doctor.output)")
            }
            #expect(doctor.output.contains("settings as all replicas have them"))
        }
    }

    /// Once released, a name and the way its value is written stay: a replica of the next version has to be let in.
    private static let names = [
        "admission.groups", "authority.crlShards", "authority.deviceProfile", "crl.intervalHours", "crl.validityHours",
        "deviceLimit.default", "deviceLimit.groups", "deviceLimit.staleAfterDays", "directory.attributes.account",
        "directory.attributes.displayName", "directory.attributes.mail", "directory.attributes.principal",
        "directory.attributes.principalName", "directory.attributes.securityIdentifier",
        "directory.attributes.stableId", "directory.base", "directory.domains", "directory.groups",
        "directory.personFilter", "discovery.announcedVersion", "discovery.default", "discovery.domains",
        "discovery.enrollmentServiceURL", "discovery.policyServiceURL", "enrollment.faultStatus",
        "enrollment.reservationHours", "handOff.authorise", "handOff.destinations", "handOff.eventDays",
        "handOff.silentAfterMinutes", "management.accounts", "management.address", "management.addresses",
        "management.connectionRetries", "management.initialBackoffMilliseconds",
        "management.maximumBackoffMilliseconds", "management.name", "management.ownership", "management.poll",
        "management.providerId", "management.rules", "ocsp.validityMinutes", "policy.friendlyName", "policy.id",
        "policy.minimalKeyLength", "profile.device", "profile.ocsp", "profile.server", "renewal.overlapDays",
        "renewal.proof", "renewal.triesPerDay", "renewal.windowDays", "retention.attemptDays",
        "retention.certificateDays", "rotation.adoptionThreshold", "rotation.issuing.activate",
        "rotation.issuing.algorithm", "rotation.issuing.everyMonths", "rotation.issuing.overlapDays",
        "rotation.issuing.token", "rotation.root.activate", "rotation.root.algorithm", "rotation.root.everyMonths",
        "rotation.root.overlapDays", "rotation.root.token", "urls.device", "urls.pki",
    ]

    @Test("goes by names and words that do not change, since replicas of two versions run beside each other")
    func pinned() async throws {
        try await RunningGatehouse.databases.get().withDatabase { database in
            let place = try Place(
                unfounded: Place.Settings(more: "discovery: { domains: { \"corp.example\": \"on-premise\" } },"),
                directory: try RunningGatehouse.directory.get(),
                store: .postgres(PostgresAccess(database))
            )
            #expect(try await place.run(["init"]).status == 0)
            let names = try await database.psql("SELECT name FROM agreement ORDER BY name COLLATE \"C\"")
            #expect(names.split(separator: "\n").map(String.init) == Self.names)
            for (name, value) in [
                ("admission.groups", "none: every confirmed user may enroll"),
                ("directory.groups", "memberOf(attribute: \"memberOf\")"),
                ("discovery.announcedVersion", "3.0"), ("discovery.default", "onPremise"),
                ("discovery.domains", "corp.example"),
                ("management.accounts", "none but this"), ("management.addresses", "no others"),
                ("management.ownership", "unstated"), ("management.rules", "none"),
                ("management.poll", "5 × 15 min, 10 × 60 min, then every 1440 min, on login true"),
                ("renewal.windowDays", "the profile's renewPeriodDays and a day"),
                ("directory.domains", "CORP = \(place.directory.base)"),
            ] {
                let kept = try await database.psql("SELECT value FROM agreement WHERE name = '\(name)'")
                #expect(kept == value, "\(name)")
            }
        }
    }

    /// The time is only a bound: far beyond what it takes.
    private func wait(until isSo: () async throws -> Bool) async throws {
        for _ in 0..<1_500 {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("waited in vain")
    }
}

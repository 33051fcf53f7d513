import DeviceSimulator
import EnrollmentTestKit
import Foundation
import ServiceRuntime
import Synchronization
import Testing
import X509Kit

@Suite("A token that several replicas sign with", .timeLimit(.minutes(25)))
struct ReplicaTokenTests {
    @Test(
        "pulled out under load and put back: devices are told to come again, nothing is counted twice, nobody restarts"
    )
    func pulledOut() async throws {
        let token = try await ConfiguredToken()
        var settings = Replicas.Settings()
        settings.place = .renewable
        settings.place.more += token.section
        settings.place.tellsStatus = true
        settings.place.deviceLimit = 1_000
        settings.place.initOptions = ["--token", "hsm"]
        try await Replicas.serve(settings) { replicas in
            let processes = replicas.members.map(\.processIdentifier)
            let held = try await replicas[0].device(of: "kim")
            let renewing = try await replicas[1].device(of: "zoe")
            let load = Load(at: replicas)
            async let coming: Void = load.run()
            do {
                try await load.wait("certificates") { $0.issued >= 3 }
                try token.soft.pullOut()
                try await load.wait("refusals") { $0.refused >= 3 }

                let before = try await replicas.audit.issued()
                try await Self.expectAway(replicas, held, renewing)
                try await load.wait("more refusals") { $0.refused >= 8 }
                #expect(try await replicas.audit.issued() == before, "signed without the token")

                try token.soft.putBack()
                let issued = load.counts.map(\.issued)
                for number in issued.indices {
                    try await load.wait("certificates again", at: number) { $0.issued >= issued[number] + 3 }
                }
            } catch {
                load.end()
                try await coming
                throw error
            }
            load.end()
            try await coming
            try await Self.expectBack(replicas, held)
            let renewed = try await replicas[2].renew(renewing)
            #expect(replicas.members.map(\.processIdentifier) == processes)
            try await Self.expectCounts(load, replicas, others: [held, renewing, renewed].map(\.certificate))
        }
    }

    /// What is published goes on being served, and what is revoked is revoked at once; nothing is renewed.
    private static func expectAway(
        _ replicas: Replicas,
        _ held: DeviceIdentity,
        _ renewing: DeviceIdentity
    ) async throws {
        for replica in replicas.members {
            try await replica.wait(for: "a word in readiness") {
                let readiness = try await replica.readiness()
                return !readiness.isReady && readiness.reasons.contains("Token hsm is out of reach")
            }
            #expect(try await replica.figures("gatehouse_token_up") == ["{token=\"hsm\"}": 0])
            #expect(replica.log.contains("token is out of reach"))
            #expect(try await replica.status(of: held) == .good)
            guard case .failure(.refused(_, let fault)) = try await replica.outcome(of: renewing) else {
                Issue.record("renewed without the token")
                continue
            }
            #expect(fault.errorType == "InMaintenance")
        }
        try await replicas[2].place.order("hold", held, "lost")
        for replica in replicas.members {
            try await replica.wait(for: "the answer that it is held") {
                if case .revoked(_, .certificateHold)? = try await replica.status(of: held) { true } else { false }
            }
            // The CRL of before, which counts for days; its successor waits for the token.
            #expect(try await replica.verifies(held) == nil)
        }
    }

    private static func expectBack(_ replicas: Replicas, _ held: DeviceIdentity) async throws {
        for replica in replicas.members {
            try await replica.wait(for: "readiness") { try await replica.readiness().isReady }
            #expect(try await replica.figures("gatehouse_token_up") == ["{token=\"hsm\"}": 1])
            #expect(replica.log.contains("token is back"))
            try await replica.expect(.certificateHold, of: held)
        }
    }

    /// Expects every certificate that a device was given in the store, each once and signed well, and a device for each;
    /// and of every refusal a record and nothing else.
    private static func expectCounts(_ load: Load, _ replicas: Replicas, others: [[UInt8]]) async throws {
        #expect(load.troubles.isEmpty, "\(load.troubles.prefix(3))")
        let certificates = load.certificates + others
        let audit = replicas.audit
        let stored = try await audit.column(
            "SELECT hex(der) FROM certificate WHERE der IS NOT NULL AND device IS NOT NULL",
            postgres: "SELECT encode(der, 'hex') FROM certificate WHERE der IS NOT NULL AND device IS NOT NULL"
        )
        let given = certificates.map { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
        #expect(Set(given).count == given.count)
        #expect(Set(given) == Set(stored))
        #expect(stored.count == given.count)
        #expect(try await audit.everIssued().count == given.count, "a serial number was given twice")
        // One that was renewed is one device.
        #expect(try await audit.count("SELECT count(*) FROM device WHERE is_live = 1") == given.count - 1)
        #expect(try await audit.count("SELECT count(*) FROM device WHERE state = 'reserved'") == 0)
        let refused = load.counts.reduce(replicas.members.count) { $0 + $1.refused }
        try await replicas[0].wait(for: "a record of each refusal") {
            try await audit.count("SELECT count(*) FROM attempt WHERE outcome = 'refused' AND rule LIKE 'token.%'")
                == refused
        }
        #expect(try await audit.count("SELECT count(*) FROM attempt WHERE outcome = 'refused'") == refused)
        #expect(try await audit.count("SELECT count(*) FROM attempt WHERE outcome = 'open'") == 0)
        try await audit.expectSound(limit: 1_000)

        let place = replicas[0].place
        let issuer = try place.keep(
            Place.pem(try await replicas[0].get("/pki/issuer/\(try await place.activeIssuer()).cer").body).utf8,
            as: "issuer.pem"
        )
        let leaves = try certificates.enumerated().map { try place.keep(Place.pem($1).utf8, as: "leaf-\($0).pem") }
        let outcome = try await ExternalCommand.run(
            "openssl",
            ["verify", "-CAfile", place.rootFile.path, "-untrusted", issuer] + leaves,
            seconds: 60
        )
        #expect(outcome.status == 0, "\(outcome.output)")
    }
}

/// New devices at each replica, one after another, whatever they are told.
private final class Load: Sendable {
    /// What devices at one replica were told.
    struct Count: Sendable {
        var issued = 0
        var refused = 0
    }

    private struct State {
        var counts: [Count]
        var certificates: [[UInt8]] = []
        var troubles: [String] = []
    }

    private let replicas: Replicas
    private let state: Mutex<State>
    private let isOver = ShutdownSignal()

    init(at replicas: Replicas) {
        self.replicas = replicas
        self.state = Mutex(State(counts: replicas.members.map { _ in Count() }))
    }

    var counts: [Count] { self.state.withLock { $0.counts } }
    var certificates: [[UInt8]] { self.state.withLock { $0.certificates } }
    /// Whatever is neither a certificate nor the word that one should come again.
    var troubles: [String] { self.state.withLock { $0.troubles } }

    func end() { self.isOver.raise() }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in self.replicas.members.indices {
                group.addTask {
                    var round = 0
                    while !self.isOver.isRaised {
                        try await self.enroll(number, round)
                        round += 1
                        try await Task.sleep(for: .milliseconds(20))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func enroll(_ number: Int, _ round: Int) async throws {
        var simulation = try self.replicas.simulation([Person.numbered(1 + number * 10 + round % 10)], at: number)
        simulation.probes = false
        simulation.provesPossession = false
        let outcome = try #require(await simulation.run().outcomes.first)
        self.state.withLock { state in
            switch outcome.result {
            case .success(let device):
                state.counts[number].issued += 1
                state.certificates.append(device.certificate)
            case .failure(.refused(_, let fault))
            where fault.errorType == "InMaintenance" && fault.deviceCode == "0x80180017":
                state.counts[number].refused += 1
            case .failure(let failure): state.troubles.append("at \(number): \(failure)")
            }
        }
    }

    /// Waits until it is so at each replica.
    func wait(_ what: String, until isSo: (Count) -> Bool) async throws {
        for number in self.replicas.members.indices { try await self.wait(what, at: number, until: isSo) }
    }

    func wait(_ what: String, at number: Int, until isSo: (Count) -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(300)
        while !isSo(self.counts[number]) {
            guard ContinuousClock.now < end else {
                throw Place.Failure(description: "waited in vain: \(what) at \(number); \(self.troubles.prefix(3))")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

import DeviceSimulator
import EnrollmentTestKit
import Foundation
import ServiceRuntime
import Synchronization
import Testing
import X509Kit

@Suite("Keys that change while devices come and renew", .timeLimit(.minutes(25)))
struct ReplicaRotationTests {
    @Test(
        "three replicas, a new issuer and a new root: nobody is refused, and every certificate verifies by either root"
    )
    func routine() async throws {
        var settings = Replicas.Settings()
        settings.place = .renewable
        settings.place.tellsStatus = true
        settings.place.deviceLimit = 1_000
        try await Replicas.serve(settings) { replicas in
            let place = replicas[0].place
            let first = try await place.activeIssuer()
            let traffic = Traffic(at: replicas)
            async let coming: Void = traffic.run()
            do {
                try await traffic.wait(for: 6)
                // The issuer.
                try await place.rotate(["prepare", "--role", "issuing", "--id", "B"])
                try await place.rotate(["publish", "B"])
                try await traffic.expectVerifying(by: [.old], at: replicas)
                try await place.rotate(["activate", "B"])
                try await traffic.waitForIssuer("B", at: replicas)
                try await traffic.expectVerifying(by: [.old], at: replicas)
                // The root.
                try await place.rotate(["prepare", "--role", "root", "--id", "R2"])
                try await place.rotate(["publish", "R2"])
                try await traffic.expectVerifying(by: [.old, .new, .both], at: replicas)
                try await traffic.waitForAdoption(of: "R2", in: place)
                try await place.rotate(["activate", "R2"])
                try await traffic.expectVerifying(by: [.old, .new, .both], at: replicas)
                try await place.rotate(["prepare", "--role", "issuing", "--id", "C"])
                try await place.rotate(["publish", "C"])
                try await place.rotate(["activate", "C"])
                try await traffic.waitForIssuer("C", at: replicas)
                let issuer = try await replicas[0].certificate(of: "C").subject
                for replica in replicas.members {
                    // Somebody looks after it every now and then; until then the link carries whoever trusts either root.
                    try await traffic.wait("the listener's certificate") {
                        try Certificate(der: try await replica.listenerCertificate()).issuer == issuer
                    }
                }
                try await traffic.expectVerifying(by: [.old, .new, .both], at: replicas)
                // What the first issuer made is replaced, and its key destroyed.
                try await traffic.waitUntilDrained(first, in: place)
                try await place.rotate(["retire", first])
                try await traffic.wait(for: 4)
            } catch {
                traffic.end()
                try await coming
                throw error
            }
            traffic.end()
            try await coming
            traffic.expectNobodyRefused()
            try await traffic.expectAllVerifying(by: [.old, .new, .both], at: replicas)
            let serials = traffic.serialNumbers
            #expect(Set(serials).count == serials.count, "a serial number was given twice")
            let missing = Set(serials).subtracting(try await replicas.audit.everIssued())
            #expect(missing.isEmpty, "devices hold certificates that the store does not: \(missing)")
            try await replicas.audit.expectSound(limit: 1_000)
        }
    }
}

/// Devices that enroll, come back and renew at several replicas for as long as a test wants.
private final class Traffic: Sendable {
    /// Which roots somebody trusts who verifies.
    enum Trust: String, CaseIterable {
        case old
        case new
        case both
    }

    private struct State {
        /// Whose turn it is to renew, the one that waits longest first.
        var line: [DeviceIdentity] = []
        /// Every certificate that a device was given.
        var certificates: [(serialNumber: String, der: [UInt8])] = []
        var verified = 0
        var enrolled = 0
        var renewed = 0
        var troubles: [String] = []
    }

    private let replicas: Replicas
    private let state = Mutex(State())
    private let isOver = ShutdownSignal()

    init(at replicas: Replicas) {
        self.replicas = replicas
    }

    func end() { self.isOver.raise() }

    var serialNumbers: [String] { self.state.withLock { $0.certificates.map { $0.serialNumber.uppercased() } } }

    func expectNobodyRefused() {
        let (troubles, enrolled, renewed) = self.state.withLock { ($0.troubles, $0.enrolled, $0.renewed) }
        #expect(troubles.isEmpty, "\(troubles.count) of \(enrolled) + \(renewed): \(troubles.prefix(3))")
        #expect(enrolled > 5)
        #expect(renewed > 5)
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in self.replicas.members.indices {
                group.addTask {
                    var round = 0
                    while !self.isOver.isRaised {
                        // Few enroll, many renew: so that the whole fleet soon has what is new.
                        if round % 4 == 0, self.state.withLock({ $0.enrolled }) < 24 {
                            try await self.enroll(number, round)
                        }
                        try await self.renewOne(at: number)
                        round += 1
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func enroll(_ number: Int, _ round: Int) async throws {
        var simulation = try self.replicas.simulation([Person.numbered(1 + number + round % 9)], at: number)
        simulation.probes = false
        guard let outcome = await simulation.run().outcomes.first else { return }
        switch outcome.result {
        case .success(let device):
            self.state.withLock { state in
                state.enrolled += 1
                state.certificates.append((device.serialNumber, device.certificate))
                if let identity = device.identity { state.line.append(identity) }
            }
        case .failure(let failure):
            self.state.withLock { $0.troubles.append("enrollment at \(number): \(failure)") }
        }
    }

    /// Renews the device whose turn it is.
    private func renewOne(at number: Int) async throws {
        let next = self.state.withLock { $0.line.isEmpty ? nil : $0.line.removeFirst() }
        guard let next else {
            try await Task.sleep(for: .milliseconds(20))
            return
        }
        var renewal = WindowsRenewal([WindowsRenewal.Candidate(next, RenewalPlan())])
        renewal.access = try self.replicas.simulation([Person.numbered(1)], at: number).access
        let outcome = await renewal.run(until: ShutdownSignal()).outcomes.first
        self.state.withLock { state in
            switch outcome?.result {
            case .success(let renewed):
                state.renewed += 1
                state.certificates.append((renewed.certificate.serialNumber, renewed.identity.certificate))
                state.line.append(renewed.identity)
            case .failure(let failure):
                state.troubles.append("renewal at \(number): \(failure)")
                state.line.append(next)
            case nil: state.troubles.append("no outcome")
            }
        }
    }

    // MARK: Waiting

    /// Until devices were given so many more certificates.
    func wait(for count: Int) async throws {
        let goal = self.state.withLock { $0.certificates.count } + count
        try await self.wait("\(count) more certificates") { self.state.withLock { $0.certificates.count } >= goal }
    }

    /// Until what devices are given at each replica is of that issuer.
    func waitForIssuer(_ id: String, at replicas: Replicas) async throws {
        let name = try await replicas[0].certificate(of: id).subject
        try await self.wait("certificates of \(id)") {
            let latest = self.state.withLock { $0.certificates.suffix(3) }
            return try latest.count == 3 && latest.allSatisfy { try Certificate(der: $0.der).issuer == name }
        }
    }

    func waitForAdoption(of id: String, in place: Place) async throws {
        try await self.wait("adoption of \(id)") {
            try await place.issuer(id)["adopted"] == .boolean(true)
        }
    }

    func waitUntilDrained(_ id: String, in place: Place) async throws {
        try await self.wait("\(id) is drained") { try await place.issuer(id)["liveCertificates"] == .number(0) }
    }

    func wait(_ what: String, until isSo: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(300)
        while ContinuousClock.now < end {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Place.Failure(description: "waited in vain: \(what); \(self.state.withLock { $0.troubles.prefix(3) })")
    }

    // MARK: Verifying

    /// Expects of every certificate that was given since the last time that `openssl` verifies it for who trusts these
    /// roots, with what is published besides.
    func expectVerifying(by trusts: [Trust], at replicas: Replicas) async throws {
        try await self.wait(for: 2)
        try await self.expectAllVerifying(by: trusts, at: replicas)
    }

    /// The same, of what there is.
    func expectAllVerifying(by trusts: [Trust], at replicas: Replicas) async throws {
        let fresh = self.state.withLock { state in
            defer { state.verified = state.certificates.count }
            return state.certificates[state.verified...].map(\.der)
        }
        let place = replicas[0].place
        // As somebody finds them who has only what certificates name.
        var helpful = ""
        for issuer in try await place.issuers() {
            guard let id = issuer["id"]?.text else { continue }
            helpful += try await replicas[0].bundle(of: id)
        }
        let name = UUID().uuidString
        let untrusted = try place.keep(helpful.utf8, as: "\(name)-untrusted.pem")
        let leaves = try fresh.enumerated().map { number, der in
            try place.keep(Place.pem(der).utf8, as: "\(name)-\(number).pem")
        }
        let old = try String(contentsOf: place.rootFile, encoding: .utf8)
        for trust in trusts {
            let new = trust == .old ? "" : Place.pem(try await replicas[0].certificate(of: "R2").der)
            let roots = try place.keep(((trust == .new ? "" : old) + new).utf8, as: "\(name)-\(trust).pem")
            let outcome = try await ExternalCommand.run(
                "openssl",
                ["verify", "-no-CApath", "-no-CAstore", "-CAfile", roots, "-untrusted", untrusted] + leaves,
                seconds: 60
            )
            #expect(outcome.status == 0, "by \(trust): \(outcome.output)")
        }
    }
}

extension RunningGatehouse {
    /// An issuer's certificate as it is published.
    fileprivate func certificate(of id: String) async throws -> Certificate {
        try Certificate(der: try await self.get("/pki/issuer/\(id).cer").body)
    }
}

extension Place {
    /// Rehearses a step of key rotation, and takes it as rehearsed.
    func rotate(_ arguments: [String]) async throws {
        let line = ["ca"] + arguments + ["--reason", "rotation", "--json"]
        // The service takes steps of its own beside: what was rehearsed may not hold any more.
        for _ in 0..<5 {
            let rehearsal = try await self.run(line)
            try #require(rehearsal.status == 0, "\(line): \(rehearsal.output)\(rehearsal.errors)")
            let plan = try #require(try JSONDocument(parsing: rehearsal.output)["plan"]?.text)
            let run = try await self.run(line + ["--commit", "--plan", plan])
            if run.status == 0 { return }
            try #require(run.status == 4, "\(line): \(run.output)\(run.errors)")
        }
        throw Failure(description: "\(line): refused again and again")
    }

    /// What `ca status` says of every issuer, of those that are over where all are wanted.
    func issuers(all: Bool = false) async throws -> [JSONDocument] {
        let run = try await self.run(["ca", "status", "--json"] + (all ? ["--all"] : []))
        try #require(run.status == 0, "\(run.output)\(run.errors)")
        guard case .array(let issuers) = try JSONDocument(parsing: run.output)["issuers"] else { return [] }
        return issuers
    }

    func issuer(_ id: String, all: Bool = false) async throws -> JSONDocument {
        try #require(try await self.issuers(all: all).first { $0["id"]?.text == id })
    }

    /// The id of the issuing authority that signs now.
    func activeIssuer() async throws -> String {
        let active = try await self.issuers().first { $0["role"]?.text == "issuing" && $0["state"]?.text == "active" }
        return try #require(active?["id"]?.text)
    }
}

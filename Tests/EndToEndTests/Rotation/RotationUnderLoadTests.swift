import DeviceSimulator
import EnrollmentCore
import EnrollmentTestKit
import Foundation
import ServiceRuntime
import Synchronization
import Testing
import X509Kit

@Suite("Key rotation while devices enroll and renew", .timeLimit(.minutes(25)))
struct RotationUnderLoadTests {
    /// Devices that come one after the other until they are told to stop.
    private final class Load: Sendable {
        private struct State {
            var isOver = false
            var done = 0
            var failures: [String] = []
        }

        private let state = Mutex(State())

        var done: Int { self.state.withLock { $0.done } }
        var failures: [String] { self.state.withLock { $0.failures } }
        var isOver: Bool { self.state.withLock { $0.isOver } }

        func stop() { self.state.withLock { $0.isOver = true } }

        func note(_ failure: String?) {
            self.state.withLock { state in
                if let failure { state.failures.append(failure) } else { state.done += 1 }
            }
        }
    }

    private func enroll(_ gatehouse: RunningGatehouse, _ uid: String, trusting roots: [UInt8], _ load: Load)
        async throws
    {
        while !load.isOver {
            var simulation = try gatehouse.simulation(uid)
            simulation.trustedAuthorities = roots
            for outcome in await simulation.run().outcomes {
                if case .failure(let failure) = outcome.result {
                    load.note("enroll: \(failure)")
                } else {
                    load.note(nil)
                }
            }
        }
    }

    private func renew(_ gatehouse: RunningGatehouse, _ uid: String, _ load: Load) async throws {
        var identity = try await gatehouse.device(of: uid)
        while !load.isOver {
            switch try await gatehouse.outcome(of: identity) {
            case .success(let renewed):
                identity = renewed.identity
                load.note(nil)
            case .failure(let failure): load.note("renew: \(failure)")
            }
        }
    }

    /// Waits until as many more came through as show that both kinds went on after the step.
    private func goOn(_ load: Load, _ gatehouse: RunningGatehouse) async throws {
        let before = load.done
        try await gatehouse.wait("devices after the step") { load.done >= before + 6 || !load.failures.isEmpty }
    }

    @Test(
        "an issuer and then a root are replaced, and nobody is refused, not even who trusts the old root alone",
        arguments: StoreKind.allCases
    )
    func nobodyRefused(store: StoreKind) async throws {
        var settings = Place.Settings.renewable
        settings.deviceLimit = 1_000
        try await RunningGatehouse.serve(settings, on: store) { gatehouse in
            let old = Array(try Data(contentsOf: gatehouse.place.rootFile))
            let load = Load()
            try await withThrowingTaskGroup { group in
                group.addTask { try await self.enroll(gatehouse, "kim", trusting: old, load) }
                group.addTask { try await self.renew(gatehouse, "zoe", load) }
                group.addTask {
                    defer { load.stop() }
                    try await self.goOn(load, gatehouse)
                    try await gatehouse.place.rotating { desk in
                        try await self.replaceIssuer("B", by: desk, load, gatehouse)
                        try await desk.prepare("R2", .root)
                        try await desk.perform(.publish, "R2")
                        try await self.goOn(load, gatehouse)
                        await #expect(throws: EnrollmentError.self) { try await desk.perform(.activate, "R2") }
                        try await desk.perform(.activate, "R2", overriding: "they are the test's")
                        try await self.goOn(load, gatehouse)
                        try await self.replaceIssuer("C", by: desk, load, gatehouse)
                    }
                }
                try await group.waitForAll()
            }
            #expect(load.failures == [])
            try await self.judge(gatehouse, trusting: old)
        }
    }

    private func replaceIssuer(
        _ id: String,
        by desk: Place.RotationDesk,
        _ load: Load,
        _ gatehouse: RunningGatehouse
    ) async throws {
        try await desk.prepare(id, .issuing)
        try await self.goOn(load, gatehouse)
        try await desk.perform(.publish, id)
        try await gatehouse.wait("the published issuer") {
            try await gatehouse.get("/pki/issuer/\(id).cer").status == 200
        }
        try await self.goOn(load, gatehouse)
        try await desk.perform(.activate, id)
        try await self.goOn(load, gatehouse)
    }

    /// What is served afterwards, as somebody finds it who has only what certificates name.
    private func judge(_ gatehouse: RunningGatehouse, trusting old: [UInt8]) async throws {
        let roots = String(decoding: try await gatehouse.get("/pki/roots.pem").body, as: UTF8.self)
        // Two roots, and a link each way.
        #expect(roots.components(separatedBy: "BEGIN CERTIFICATE").count == 5)
        #expect(try await gatehouse.get("/pki/issuer/R2.p7c").status == 200)
        let device = try await gatehouse.simulation("kim").enroll()
        let issuer = try await gatehouse.get("/pki/issuer/C.cer").body
        #expect(try Certificate(der: device.certificate).issuer == (try Certificate(der: issuer)).subject)
        let folder = gatehouse.place.folder
        func file(_ name: String, _ octets: [UInt8]) throws -> String {
            let file = folder.appending(path: name)
            try Data(octets).write(to: file)
            return file.path
        }
        let leaf = try file("leaf.pem", Array(Place.pem(device.certificate).utf8))
        let bundles = try await gatehouse.bundle(of: "R2")
        let helpers = try file("helpers.pem", Array((Place.pem(issuer) + bundles).utf8))
        let new = Place.pem(try await gatehouse.get("/pki/issuer/R2.cer").body)
        for anchor in [old, Array(new.utf8)] {
            let outcome = try await ExternalCommand.run(
                "openssl",
                [
                    "verify", "-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile", try file("anchor.pem", anchor),
                    "-untrusted", helpers, leaf,
                ]
            )
            #expect(outcome.status == 0, "\(outcome.output)")
        }
    }
}

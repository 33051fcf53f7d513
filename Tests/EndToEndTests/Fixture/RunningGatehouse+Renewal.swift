import DeviceSimulator
import Foundation
import ServiceRuntime
import Testing

extension RunningGatehouse {
    /// A device of that person, and what it keeps.
    func device(of uid: String, seed: UInt64? = nil) async throws -> DeviceIdentity {
        var simulation = try self.simulation(uid)
        simulation.seed = seed
        simulation.provesPossession = false
        return try #require(try await simulation.enroll().identity)
    }

    /// How devices reach the server.
    func access() throws -> ServerAccess {
        try self.simulation("kim").access
    }

    /// One renewal; what came of it is for the test to judge.
    func outcome(
        of identity: DeviceIdentity,
        _ plan: RenewalPlan = RenewalPlan(),
        losesAnswer: Bool = false,
        makesContact: Bool = true
    ) async throws -> Result<RenewalOutcome.Renewed, SimulationFailure> {
        var renewal = WindowsRenewal([WindowsRenewal.Candidate(identity, plan)])
        renewal.access = try self.access()
        renewal.losesAnswer = losesAnswer
        renewal.makesContact = makesContact
        return try #require(await renewal.run(until: ShutdownSignal()).outcomes.first).result
    }

    /// One renewal that has to be granted.
    func renew(
        _ identity: DeviceIdentity,
        _ plan: RenewalPlan = RenewalPlan(),
        makesContact: Bool = true
    ) async throws -> DeviceIdentity {
        try await self.outcome(of: identity, plan, makesContact: makesContact).get().identity
    }

    /// One TLS connection with the device's certificate.
    func contact(_ identity: DeviceIdentity) async throws -> FirstContact {
        try await FirstContact.make(identity, try self.access())
    }

    /// Reads a changed configuration in while it serves.
    func reload(_ settings: Place.Settings) async throws {
        let before = self.log.ranges(of: "configuration reloaded").count
        try self.place.write(settings)
        self.signal(SIGHUP)
        try await self.wait("reloaded") { self.log.ranges(of: "configuration reloaded").count > before }
    }
}

extension RenewalPlan {
    /// With the user's password instead of the certificate in TLS.
    static func manual(_ uid: String, password: String? = nil) -> RenewalPlan {
        var plan = RenewalPlan()
        plan.proof = .password(
            SimulatedUser(name: "\(uid)@corp.example", password: password ?? Person.password(of: uid))
        )
        return plan
    }
}

extension Place.Settings {
    /// Certificates may be renewed from birth.
    static let renewable = Place.Settings(more: "renewal: { windowDays: 400 },")
}

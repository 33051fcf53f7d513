/// One device from its enrollment on.
struct Life: Sendable {
    /// Told of each step: why it did not go as it had to, its milliseconds, what deviated.
    typealias Note = @Sendable (LifeStep, String?, Double?, Deviation?) -> Void

    let userIndex: Int
    /// Told of each step.
    var note: Note = { _, _, _, _ in }

    private let prepared: PreparedDevice
    private let soak: LifetimeSoak
    private let verifier: ChainVerifier
    private var identity: DeviceIdentity?
    private var renewals = 0

    init(_ prepared: PreparedDevice, user: Int, _ soak: LifetimeSoak, _ verifier: ChainVerifier) {
        self.prepared = prepared
        self.userIndex = user
        self.soak = soak
        self.verifier = verifier
    }

    private var user: SimulatedUser { self.soak.simulation.users[self.userIndex] }

    /// Enrolls and uses the certificate once.
    func enroll() throws(SimulationFailure) -> DeviceIdentity {
        let enrollment = DeviceEnrollment(
            simulation: self.soak.simulation,
            prepared: self.prepared,
            user: self.user,
            verifier: self.verifier
        )
        var enrolled = try enrollment.enroll(over: try self.soak.simulation.connection())
        try enrollment.provePossession(of: &enrolled)
        guard let identity = enrolled.identity else { throw .local("the enrollment left nothing to renew") }
        return identity
    }

    /// Lives as far as no operator is needed.
    ///
    /// - Parameter bystander: Another device.
    /// - Returns: Whether the device still has a certificate that counts.
    mutating func live(besides bystander: DeviceIdentity) -> Bool {
        guard self.begin(), self.manage(.manage) else { return false }
        for round in 0..<self.soak.renewals {
            guard self.renew(round % 2 == 0 ? .renewByItself : .renewManually) else { return false }
        }
        for _ in 0..<self.soak.lostAnswers {
            guard self.grant(.loseAnswer, self.plan(), keeps: false) else { return false }
        }
        let before = self.identity
        guard self.renew(.renewAfterLoss) else { return false }
        self.refuse(.renewSuperseded, self.plan(), as: before)
        var plan = self.plan()
        plan.newKey = .same
        self.refuse(.renewSameKey, plan)
        plan = self.plan()
        plan.newKey = .fresh(.rsa(bits: 1024))
        self.refuse(.renewWeakKey, plan)
        plan = self.plan()
        plan.presented = bystander
        self.refuse(.renewForeignCertificate, plan)
        plan = self.plan()
        plan.signer = bystander
        self.refuse(.renewForeignSignature, plan)
        return self.renew(.renewAfterRefusals) && self.manage(.manageRenewed)
    }

    /// Has a session with the management server, where that is wanted.
    private func manage(_ step: LifeStep) -> Bool {
        guard self.soak.simulation.manages, let identity = self.identity else { return true }
        do throws(SimulationFailure) {
            let access = self.soak.simulation.managementAccess(for: identity)
            let contact = try ManagementContact.makeBlocking(identity, access, profile: self.soak.simulation.profile)
            self.note(step, nil, contact.milliseconds, nil)
            return true
        } catch {
            self.object(to: step, error, nil)
            return false
        }
    }

    /// An honest plan, in a form other than the one before: all sixteen come in turn.
    private func plan() -> RenewalPlan {
        var plan = RenewalPlan()
        plan.newKey = .fresh(self.soak.keyKind)
        plan.form.valueType = self.renewals & 1 == 0 ? .mde2 : .mde1
        plan.form.encoding = self.renewals & 2 == 0 ? .once : .twice
        plan.form.namesCertificate = self.renewals & 4 == 0
        plan.form.wrapsManagementMessage = self.renewals & 8 != 0
        return plan
    }

    private mutating func begin() -> Bool {
        let start = ContinuousClock.now
        do throws(SimulationFailure) {
            self.identity = try self.enroll()
            self.note(.enroll, nil, (ContinuousClock.now - start).seconds * 1000, nil)
            return true
        } catch {
            self.object(to: .enroll, error, nil)
            return false
        }
    }

    /// Renews, keeps what came and uses it.
    @discardableResult
    mutating func renew(_ step: LifeStep) -> Bool {
        var plan = self.plan()
        if step == .renewManually { plan.proof = .password(self.user) }
        guard self.grant(step, plan, keeps: true) else { return false }
        guard let identity = self.identity else { return false }
        do throws(SimulationFailure) {
            let contact = try FirstContact.makeBlocking(identity, self.soak.simulation.access)
            let words = "HTTP \(contact.status), the server saw: \(contact.seenByServer ?? "nothing")"
            self.note(.contact, contact.isGood ? nil : words, contact.milliseconds, nil)
            return contact.isGood
        } catch {
            self.object(to: .contact, error, nil)
            return false
        }
    }

    private mutating func grant(_ step: LifeStep, _ plan: RenewalPlan, keeps: Bool) -> Bool {
        guard let identity = self.identity else { return false }
        var milliseconds: Double?
        do throws(SimulationFailure) {
            let renewed = try self.perform(plan, as: identity, taking: &milliseconds)
            self.note(step, nil, milliseconds, nil)
            self.renewals += 1
            if keeps { self.identity = renewed }
            return true
        } catch {
            self.object(to: step, error, milliseconds)
            return false
        }
    }

    /// Tries what has to be refused, after a command if there is one.
    mutating func refuse(_ step: LifeStep, after command: HookCommand? = nil) {
        if let command, let identity = self.identity {
            do throws(SimulationFailure) {
                let facts = try identity.facts()
                // DER's leading zero is the sign and not part of the number.
                let digits = facts.serialNumber.lowercased()
                let serial = digits.hasPrefix("00") ? String(digits.dropFirst(2)) : digits
                try command.run([
                    (name: "GATEHOUSE_USER", value: identity.user), (name: "GATEHOUSE_DEVICE", value: identity.entDMID),
                    (name: "GATEHOUSE_SERIAL", value: serial),
                    (name: "GATEHOUSE_SHA256", value: facts.sha256),
                ])
            } catch {
                return self.object(to: step, error, nil)
            }
        }
        self.refuse(step, self.plan())
    }

    private func refuse(_ step: LifeStep, _ plan: RenewalPlan, as other: DeviceIdentity? = nil) {
        guard let identity = other ?? self.identity else { return }
        var milliseconds: Double?
        do throws(SimulationFailure) {
            _ = try self.perform(plan, as: identity, taking: &milliseconds)
            self.note(step, "granted, and was to be refused", milliseconds, nil)
        } catch {
            guard case .refused(_, let fault) = error else { return self.object(to: step, error, milliseconds) }
            self.note(step, step.objection(to: fault), milliseconds, nil)
        }
    }

    private func perform(
        _ plan: RenewalPlan,
        as identity: DeviceIdentity,
        taking milliseconds: inout Double?
    ) throws(SimulationFailure) -> DeviceIdentity {
        let renewal = try DeviceRenewal(identity, plan, profile: self.soak.simulation.profile)
        let connection = try renewal.connection(self.soak.simulation.access, reuse: false)
        var seen: Double?
        defer { milliseconds = seen }
        return try renewal.perform(over: connection, verifier: self.verifier) { _, _, milliseconds, _ in
            seen = milliseconds
        }
    }

    private func object(to step: LifeStep, _ failure: SimulationFailure, _ milliseconds: Double?) {
        var deviation: Deviation?
        if case .deviated(let found) = failure { deviation = found }
        self.note(step, "\(failure)", milliseconds, deviation)
    }
}

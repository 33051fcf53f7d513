internal import Glibc
internal import XMLKit

/// One renewal of one device, with everything made that costs the device time but not the server.
struct DeviceRenewal: Sendable {
    let identity: DeviceIdentity
    let plan: RenewalPlan
    let key: DeviceKey
    private let token: RenewalToken
    private let profile: DeviceProfile

    /// Makes the new key and the signed message.
    ///
    /// - Parameters:
    ///   - identity: Whose certificate is renewed.
    ///   - plan: How.
    ///   - profile: What the device says it runs; its enrollment type is the identity's.
    /// - Throws: ``SimulationFailure`` when a key is not made or does not sign.
    init(_ identity: DeviceIdentity, _ plan: RenewalPlan, profile: DeviceProfile) throws(SimulationFailure) {
        var profile = profile
        profile.enrollmentType = identity.enrollmentType
        self.profile = profile
        self.identity = identity
        self.plan = plan
        switch plan.newKey {
        case .fresh(let kind): self.key = try DeviceKey.generate(kind ?? identity.key.kind)
        case .prepared(let key): self.key = key
        case .same: self.key = identity.key
        }
        self.token = try RenewalToken(
            for: identity,
            key: self.key,
            signedBy: plan.signer ?? identity,
            form: plan.form
        )
    }

    /// The message as it is sent now.
    var exchange: SOAPExchange {
        SOAPExchange(
            .renew,
            action: "\(Names.enrollment)/RST/wstep",
            answer: "\(Names.enrollment)/RSTRC/wstep",
            body: RequestBodies.renew(
                valueType: self.plan.form.valueType.text,
                token: self.token.text,
                items: ContextItem.renewal(of: self.identity.device, profile: self.profile)
            ),
            to: self.plan.enrollmentAddress ?? self.identity.enrollmentAddress,
            sender: Self.sender(self.plan.proof)
        )
    }

    private static func sender(_ proof: RenewalPlan.Proof) -> RequestEnvelope.Sender {
        switch proof {
        case .certificate, .messageAlone: .device(now: Int64(time(nil)))
        case .password(let user): .user(user)
        }
    }

    /// The connection it has to go over: with a certificate or without, as planned.
    func connection(_ access: ServerAccess, reuse: Bool) throws(SimulationFailure) -> ServerConnection {
        guard case .certificate = self.plan.proof else { return try ServerConnection(access, reuse: reuse) }
        let presented = self.plan.presented ?? self.identity
        return try ServerConnection(access, reuse: reuse, certificate: try presented.clientCertificate())
    }

    /// Sends it and holds the answer against the rules.
    ///
    /// - Returns: The device with its new certificate, which it has not used yet.
    /// - Throws: ``SimulationFailure`` when there is no answer, a refusal, or one that breaks a rule.
    func perform(
        over connection: ServerConnection,
        verifier: ChainVerifier,
        report: (EnrollmentStep, Int, Double, String) -> Void
    ) throws(SimulationFailure) -> DeviceIdentity {
        let (header, body) = try self.exchange.perform(over: connection, report: report)
        let current = try self.identity.issuedCertificate()
        return try SimulationFailure.judging(.renew) { judge throws(Deviation) in
            let token = try TokenAnswer(header: header, body: body, judge)
            return try self.judge(token.document, replacing: current, now: Int64(time(nil)), verifier, judge)
        }
    }

    /// Holds the document and the certificate in it against the device's own.
    func judge(
        _ octets: [UInt8],
        replacing current: IssuedCertificate,
        now: Int64,
        _ verifier: ChainVerifier,
        _ judge: Judge
    ) throws(Deviation) -> DeviceIdentity {
        let document = try RenewalDocument(
            octets,
            type: self.identity.enrollmentType,
            providerID: self.identity.providerID,
            judge
        )
        let leaf = try CertificateCheck.leaf(
            document.certificate,
            publicKeyInfo: self.key.publicKeyInfo,
            now: now,
            judge
        )
        try judge.require(
            leaf.serialNumber != current.serialNumber,
            .renewalSerial,
            "a serial number of its own",
            found: "the one of the certificate before"
        )
        let names = [leaf, current].map { $0.subject.parts.filter { $0.hasPrefix("CN=") } }
        try judge.require(
            names[0] == names[1],
            .renewalSubject,
            "\(names[1].joined(separator: ", ")), the name the device has",
            found: names[0].joined(separator: ", ")
        )
        let issuers = try verifier.verify(
            leaf,
            intermediates: self.identity.intermediates + document.intermediates,
            roots: self.identity.roots + document.roots,
            now: now,
            judge
        )
        return self.identity.renewed(
            certificate: leaf.der,
            issuers: issuers.map(\.der),
            delivering: document,
            octets: octets,
            key: self.key
        )
    }
}

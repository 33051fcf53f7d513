internal import Glibc
internal import OpenSSLKit
internal import XMLKit

/// One device's way from discovery to a certificate that it has used.
struct DeviceEnrollment {
    let simulation: WindowsSimulation
    let prepared: PreparedDevice
    let user: SimulatedUser
    let verifier: ChainVerifier
    /// Told of each answer: step, HTTP status, milliseconds, a few words.
    var report: (EnrollmentStep, Int, Double, String) -> Void = { _, _, _, _ in }

    /// Probes as Windows does: only the status counts, and nothing is posted where it is not 200.
    func probe(over connection: ServerConnection) throws(SimulationFailure) {
        let address = try self.simulation.discoveryAddress(for: self.user)
        for target in [self.simulation.plainProbeAddress, address].compactMap({ $0 }) {
            let (answer, milliseconds) = try connection.get(target, .probe)
            self.report(.probe, answer.status, milliseconds, "")
            try SimulationFailure.judging(.probe) { judge throws(Deviation) in
                try judge.require(answer.status == 200, .status, "200", found: String(answer.status))
                try judge.require(
                    answer.body.isEmpty && answer.values(of: "content-length") == ["0"],
                    .emptyProbe,
                    "an empty answer with Content-Length 0",
                    found: "\(answer.body.count) octets"
                )
            }
        }
    }

    /// Discovery, policy and enrollment: the three requests of every enrollment.
    func enroll(over connection: ServerConnection) throws(SimulationFailure) -> EnrolledDevice {
        let found = try self.discover(over: connection)
        let policy = try self.askPolicy(at: found.policyAddress, over: connection)
        let prepared = try self.prepared(for: policy)
        return try self.requestToken(prepared, found, over: connection)
    }

    private func discover(over connection: ServerConnection) throws(SimulationFailure) -> DiscoveryAnswer {
        let address = try self.simulation.discoveryAddress(for: self.user)
        let (_, body) = try self.exchange(
            .discover,
            action: "\(Names.discovery)/IDiscoveryService/Discover",
            answer: "\(Names.discovery)/IDiscoveryService/DiscoverResponse",
            body: RequestBodies.discover(user: self.user, profile: self.simulation.profile),
            to: address,
            as: nil,
            over: connection
        )
        let answer = try SimulationFailure.judging(.discover) { judge throws(Deviation) in
            try DiscoveryAnswer(body, profile: self.simulation.profile, judge)
        }
        guard answer.authPolicy == "OnPremise" else {
            throw .unsupported("the server asks for a sign-in page (Federated); only passwords are simulated")
        }
        return answer
    }

    private func askPolicy(
        at address: String,
        over connection: ServerConnection
    ) throws(SimulationFailure) -> PolicyAnswer {
        let (_, body) = try self.exchange(
            .policy,
            action: "\(Names.policy)/IPolicy/GetPolicies",
            answer: "\(Names.policy)/IPolicy/GetPoliciesResponse",
            body: RequestBodies.getPolicies(),
            to: address,
            as: self.user,
            over: connection
        )
        return try SimulationFailure.judging(.policy) { judge throws(Deviation) in try PolicyAnswer(body, judge) }
    }

    /// A key of the length that the policy asks for; a variation with a weak one keeps it.
    private func prepared(for policy: PolicyAnswer) throws(SimulationFailure) -> PreparedDevice {
        guard self.prepared.key.length < policy.minimalKeyLength, self.simulation.variation != .weakKey else {
            return self.prepared
        }
        let key = try DeviceKey.generate(bits: policy.minimalKeyLength)
        return try PreparedDevice(self.prepared.device, key: key, variation: self.simulation.variation)
    }

    private func requestToken(
        _ prepared: PreparedDevice,
        _ found: DiscoveryAnswer,
        over connection: ServerConnection
    ) throws(SimulationFailure) -> EnrolledDevice {
        let profile = self.simulation.profile
        let items = ContextItem.all(of: prepared.device, profile: profile, announced: found.version)
        let (header, body) = try self.exchange(
            .enroll,
            action: "\(Names.enrollment)/RST/wstep",
            answer: "\(Names.enrollment)/RSTRC/wstep",
            body: RequestBodies.requestSecurityToken(request: prepared.request, items: items),
            to: found.enrollmentAddress,
            as: self.user,
            over: connection
        )
        let discoveryAddress = try self.simulation.discoveryAddress(for: self.user)
        return try SimulationFailure.judging(.enroll) { judge throws(Deviation) in
            let token = try TokenAnswer(header: header, body: body, judge)
            let document = try ProvisioningDocument(token.document, type: profile.enrollmentType, judge)
            var enrolled = try EnrolledDevice(
                document,
                key: prepared.key,
                type: profile.enrollmentType,
                now: Int64(time(nil)),
                verifier: self.verifier,
                judge
            )
            enrolled.identity = DeviceIdentity(
                device: prepared.device,
                enrollmentType: profile.enrollmentType,
                user: self.user.name,
                discoveryAddress: discoveryAddress,
                enrollmentAddress: found.enrollmentAddress,
                entDMID: enrolled.entDMID,
                providerID: enrolled.providerID,
                certificate: enrolled.certificate,
                issuers: enrolled.issuers,
                roots: document.roots,
                intermediates: document.intermediates,
                key: prepared.key,
                document: token.document,
                renewals: 0
            )
            return enrolled
        }
    }

    /// Connects once more, with the new certificate: only the key's holder can.
    func provePossession(of enrolled: inout EnrolledDevice) throws(SimulationFailure) {
        guard let identity = enrolled.identity else { return }
        let contact = try FirstContact.makeBlocking(identity, self.simulation.access)
        self.report(.possession, contact.status, contact.milliseconds, contact.seenByServer ?? "")
        try contact.check()
        enrolled.provedPossession = true
        enrolled.seenByServer = contact.seenByServer
    }

    /// The first session with the management server that the device was given.
    func manage(_ enrolled: inout EnrolledDevice) throws(SimulationFailure) {
        guard let identity = enrolled.identity else { return }
        let contact = try ManagementContact.makeBlocking(
            identity,
            self.simulation.managementAccess(for: identity),
            profile: self.simulation.profile
        )
        self.report(.manage, 200, contact.milliseconds, "\(contact)")
        enrolled.management = contact
    }

    private func exchange(
        _ step: EnrollmentStep,
        action: String,
        answer expected: String,
        body: String,
        to address: String,
        as user: SimulatedUser?,
        over connection: ServerConnection
    ) throws(SimulationFailure) -> (header: XMLElement, body: XMLElement) {
        try SOAPExchange(
            step,
            action: action,
            answer: expected,
            body: body,
            to: address,
            sender: user.map { .user($0) } ?? .nobody
        ).perform(over: connection, report: self.report)
    }
}

extension EnrolledDevice {
    /// Checks the certificate that `document` delivers and keeps what the device needs.
    init(
        _ document: ProvisioningDocument,
        key: DeviceKey,
        type: DeviceProfile.EnrollmentType,
        now: Int64,
        verifier: ChainVerifier,
        _ judge: Judge
    ) throws(Deviation) {
        let (leaf, issuers) = try CertificateCheck.check(
            document,
            publicKeyInfo: key.publicKeyInfo,
            type: type,
            now: now,
            verifier: verifier,
            judge
        )
        let thumbprint: String
        do throws(OpenSSLError) {
            thumbprint = Hexadecimal.upper(try Digest.sha1(leaf.der))
        } catch {
            throw Deviation(judge.step, .thumbprint, expected: "SHA-1 of the certificate", found: "\(error)")
        }
        self.init(
            certificate: leaf.der,
            issuers: issuers.map(\.der),
            key: key,
            subject: leaf.subject.text,
            serialNumber: Hexadecimal.upper(leaf.serialNumber),
            thumbprint: thumbprint,
            notBefore: leaf.validity.lowerBound,
            notAfter: leaf.validity.upperBound,
            renewalPeriod: document.renewalPeriod,
            providerID: document.account.providerID,
            managementAddress: document.account.address,
            entDMID: document.account.entDMID,
            userPrincipalName: document.account.userPrincipalName
        )
    }
}

/// One OMA-DM session from the device's first message to the server's last ([MS-MDM] § 3.2.5; OMA-DM 1.2).
struct ManagementSession {
    /// Messages after which a server has no more to say, or never ends.
    private static let longest = 20

    private let identity: DeviceIdentity
    private let account: ManagementAccount
    private let profile: DeviceProfile
    private var tree: ManagementTree

    private var message = 0
    private var milliseconds = 0.0
    /// For the next message.
    private var credential: ManagementCredential?
    private var serverNonce: [UInt8]
    private var challengesSeen = 0
    private var challengesMade = 0
    private var deviceProof = ManagementContact.Proof.certificate
    private var serverProof = ManagementContact.Proof.certificate
    private var performed: [ManagementContact.Command] = []

    /// Begins nothing yet.
    init(
        _ identity: DeviceIdentity,
        _ account: ManagementAccount,
        profile: DeviceProfile,
        sendsCredentialsAtOnce: Bool
    ) throws(SimulationFailure) {
        self.identity = identity
        self.account = account
        self.profile = profile
        self.tree = ManagementTree(identity, profile: profile)
        self.serverNonce = account.server.nonce
        if sendsCredentialsAtOnce {
            self.credential = try account.device.credential(account.device.method, nonce: account.device.nonce)
        }
    }

    /// Tries the account's addresses in their order; where one answers, the session is there to its end.
    mutating func run(_ access: ServerAccess) throws(SimulationFailure) -> ManagementContact {
        var access = access
        access.userAgent = "MSFT OMA DM Client/1.2.0.1"
        let connection = try ServerConnection(access, reuse: true, certificate: try self.identity.clientCertificate())
        var failure = SimulationFailure.local("the account names no address")
        for address in self.account.addresses {
            do throws(SimulationFailure) {
                return try self.run(over: connection, at: address)
            } catch {
                guard case .unreachable = error, self.message <= 1 else { throw error }
                failure = error
                self.message = 0
            }
        }
        throw failure
    }

    private mutating func run(
        over connection: ServerConnection,
        at address: String
    ) throws(SimulationFailure) -> ManagementContact {
        var address = address
        var package = self.package(to: address, isOpening: true)
        while self.message <= Self.longest {
            let answer = try self.exchange(package, at: address, over: connection)
            if let next = answer.responseAddress { address = next }
            let isAccepted = try self.judge(answer, of: package)
            var next = self.package(to: address, isOpening: !isAccepted)
            let isServerKnown = try self.answerHeader(of: answer, in: &next, isAccepted: isAccepted)
            if isAccepted { self.perform(answer, isServerKnown: isServerKnown, in: &next) }
            if isAccepted, isServerKnown, answer.commands.isEmpty, answer.isFinal { return self.contact(at: address) }
            next.asksForMore = !answer.isFinal
            package = next
        }
        throw .deviated(
            Deviation(
                .manage,
                .sessionEnd,
                expected: "an end after at most \(Self.longest) messages",
                found: "ever more commands"
            )
        )
    }

    /// The next message, without what answers the server's.
    private mutating func package(to address: String, isOpening: Bool) -> DevicePackage {
        self.message += 1
        var package = DevicePackage(
            session: 1,
            message: self.message,
            target: address,
            source: self.identity.device.deviceID,
            credential: self.credential.map { (self.account.device.name, $0) }
        )
        if isOpening { package.opening = self.tree.opening }
        return package
    }

    private mutating func exchange(
        _ package: DevicePackage,
        at address: String,
        over connection: ServerConnection
    ) throws(SimulationFailure) -> ServerPackage {
        let (answer, milliseconds) = try connection.post(
            package.octets(),
            to: address + (address.contains("?") ? "&" : "?") + "mode=Maintenance&Platform=WoA",
            .manage,
            type: "application/vnd.syncml.dm+xml; charset=utf-8",
            headers: [("client-request-id", self.identity.entDMID)]
        )
        self.milliseconds += milliseconds
        guard answer.status != 401, answer.status != 403 else {
            throw .turnedAway(.manage, "HTTP \(answer.status) for the certificate in TLS")
        }
        return try SimulationFailure.judging(.manage) { judge throws(Deviation) in
            try judge.require(answer.status == 200, .status, "200", found: "\(answer.status)")
            let types = answer.values(of: "content-type")
            let type = types.first?.lowercased().split(separator: ";").first ?? ""
            try judge.require(
                types.count == 1 && type == "application/vnd.syncml.dm+xml",
                .contentType,
                "application/vnd.syncml.dm+xml",
                found: types.isEmpty ? "none" : types.joined(separator: ", ")
            )
            let read = try ServerPackage(answer.body, to: package, judge)
            try judge.require(
                read.message == package.message,
                .sessionMessage,
                "MsgID \(package.message)",
                found: "\(read.message)"
            )
            return read
        }
    }

    /// What the server made of the device.
    ///
    /// - Returns: `false` when it asks for credentials, which the next message then has.
    private mutating func judge(
        _ answer: ServerPackage,
        of package: DevicePackage
    ) throws(SimulationFailure) -> Bool {
        let verdict = try SimulationFailure.judging(.manage) { judge throws(Deviation) in
            let verdict = try answer.verdict(on: package, judge)
            if (200..<300).contains(verdict.code) { try answer.checkStatuses(for: package, judge) }
            return verdict
        }
        switch verdict.code {
        case 200, 212:
            if let (_, credential) = package.credential {
                self.deviceProof = credential.method == .digest ? .digest : .basic
            }
            // 212 is for the whole session; after 200 every message has to be proved anew.
            let isProvedOnce = verdict.code == 212 || package.credential == nil
            self.credential = isProvedOnce ? nil : try self.nextCredential(verdict.challenge, package.credential?.1)
            return true
        case 401, 407:
            self.challengesSeen += 1
            guard self.challengesSeen <= 2 else {
                throw .turnedAway(.manage, "status \(verdict.code) for the account's name and secret")
            }
            let challenge = try SimulationFailure.judging(.manage) { judge throws(Deviation) in
                let challenge = try judge.unwrap(
                    verdict.challenge,
                    .sessionChallenge,
                    "a challenge with \(verdict.code)"
                )
                try judge.require(
                    challenge.method == self.account.device.method,
                    .sessionChallenge,
                    "a challenge of \(self.account.device.method.rawValue), as the account has it",
                    found: challenge.method.rawValue
                )
                return challenge
            }
            self.credential = try self.nextCredential(challenge, nil)
            return false
        default:
            throw .turnedAway(.manage, "status \(verdict.code) for the session")
        }
    }

    private func nextCredential(
        _ challenge: ManagementChallenge?,
        _ current: ManagementCredential?
    ) throws(SimulationFailure) -> ManagementCredential? {
        guard let challenge else { return current }
        return try self.account.device.credential(
            challenge.method,
            nonce: challenge.nonce ?? self.account.device.nonce
        )
    }

    /// Says what the device makes of the server, which shows that it knows its secret where it was asked to or wants to.
    ///
    /// - Returns: `false` when the server is asked to show it once more.
    private mutating func answerHeader(
        of answer: ServerPackage,
        in next: inout DevicePackage,
        isAccepted: Bool
    ) throws(SimulationFailure) -> Bool {
        var status = DevicePackage.Status(message: answer.message, command: "0", name: "SyncHdr", code: 200)
        var isKnown = true
        if let credential = answer.credential {
            let expected = try self.account.server.credential(.digest, nonce: self.serverNonce)
            if credential == expected {
                self.serverProof = .digest
                status = DevicePackage.Status(message: answer.message, command: "0", name: "SyncHdr", code: 212)
            } else {
                self.challengesMade += 1
                let challenges = self.challengesMade
                try SimulationFailure.judging(.manage) { judge throws(Deviation) in
                    try judge.require(
                        challenges <= 1,
                        .sessionServerCredential,
                        "the digest of the server's secret and the device's nonce",
                        found: "another \(credential.method.rawValue)"
                    )
                }
                isKnown = false
                status = DevicePackage.Status(message: answer.message, command: "0", name: "SyncHdr", code: 401)
            }
            var generator = SystemRandomNumberGenerator()
            self.serverNonce = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
            status.challenge = ManagementChallenge(method: .digest, nonce: self.serverNonce)
        }
        next.statuses.insert(status, at: 0)
        return isKnown
    }

    private mutating func perform(_ answer: ServerPackage, isServerKnown: Bool, in next: inout DevicePackage) {
        for command in answer.commands where command.name != "Results" {
            let (code, results) = isServerKnown ? self.tree.perform(command) : (401, [])
            next.statuses.append(
                .init(message: answer.message, command: command.id, name: command.name, code: code)
            )
            next.results += results.map {
                .init(message: answer.message, command: command.id, node: $0.node, value: $0.value)
            }
            self.performed.append(.init(name: command.name, nodes: command.items.map(\.target), code: code))
        }
    }

    private func contact(at address: String) -> ManagementContact {
        ManagementContact(
            address: address,
            // The last message was made and not needed: the server had nothing more to ask.
            messages: self.message - 1,
            milliseconds: self.milliseconds,
            deviceProof: self.deviceProof,
            serverProof: self.serverProof,
            commands: self.performed
        )
    }
}

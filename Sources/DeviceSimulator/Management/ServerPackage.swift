internal import XMLKit

/// One message of a management server, read strictly (OMA Device Management Representation Protocol 1.2).
struct ServerPackage: Hashable, Sendable {
    /// What the server says of one command of the device's.
    struct Status: Hashable, Sendable {
        /// The number of the device's message.
        let message: Int
        /// The command's number in it, `0` for the header.
        let command: String
        let name: String
        let code: Int
        let challenge: ManagementChallenge?
    }

    struct Command: Hashable, Sendable {
        let name: String
        let id: String
        let items: [Item]
    }

    struct Item: Hashable, Sendable {
        /// The node it is about; empty where it names none.
        let target: String
        let data: String?
    }

    /// Which the device can tell apart; whatever else stands in a body breaks a rule.
    private static let commandNames: Set = [
        "Add", "Alert", "Atomic", "Copy", "Delete", "Exec", "Get", "Replace", "Results", "Sequence",
    ]

    let message: Int
    /// Where the device goes on; `nil` for where it is.
    let responseAddress: String?
    let credential: ManagementCredential?
    let statuses: [Status]
    let commands: [Command]
    /// Whether the server has said all that it has to say now.
    let isFinal: Bool

    /// - Parameters:
    ///   - octets: As received.
    ///   - package: What the device sent.
    ///   - judge: The step in which it came.
    /// - Throws: ``Deviation`` for the first rule that is broken.
    init(_ octets: [UInt8], to package: DevicePackage, _ judge: Judge) throws(Deviation) {
        let root: XMLElement
        do throws(XMLParseError) {
            root = try XMLDocument(parsing: octets).root
        } catch {
            throw Deviation(judge.step, .sessionForm, expected: "a SyncML message", found: "\(error)")
        }
        try judge.require(
            root.matches("SyncML", in: DevicePackage.namespace),
            .sessionForm,
            "SyncML of \(DevicePackage.namespace)",
            found: "\(root.localName) of \(root.namespace ?? "-")"
        )
        let parts = Array(root.children)
        try judge.require(
            parts.map(\.localName) == ["SyncHdr", "SyncBody"],
            .sessionForm,
            "SyncHdr and SyncBody",
            found: parts.map(\.localName).joined(separator: ", ")
        )
        let (header, body) = (parts[0], parts[1])
        try Self.checkHeader(header, package, judge)
        let number = header.first("MsgID")?.trimmedText ?? "none"
        self.message = try judge.unwrap(Int(number), .sessionMessage, "a number in MsgID", found: number)
        self.responseAddress = header.first("RespURI")?.trimmedText
        self.credential = try header.first("Cred").map { (element) throws(Deviation) in
            try Self.credential(element, judge)
        }
        var statuses: [Status] = []
        var commands: [Command] = []
        var identifiers: Set<String> = []
        var isFinal = false
        for element in body.children {
            try judge.require(!isFinal, .sessionFinal, "nothing behind Final", found: element.localName)
            guard element.localName != "Final" else {
                isFinal = true
                continue
            }
            let id = element.first("CmdID")?.trimmedText ?? ""
            try judge.require(
                !id.isEmpty && id != "0" && identifiers.insert(id).inserted,
                .sessionCommandID,
                "a CmdID of its own, other than 0, in \(element.localName)",
                found: id.isEmpty ? "none" : id
            )
            if element.localName == "Status" {
                statuses.append(try Self.status(element, judge))
            } else {
                commands.append(try Self.command(element, id, judge))
            }
        }
        self.statuses = statuses
        self.commands = commands
        self.isFinal = isFinal
    }

    private static func checkHeader(
        _ header: XMLElement,
        _ package: DevicePackage,
        _ judge: Judge
    ) throws(Deviation) {
        let values = [
            ("VerDTD", "1.2", ProtocolRule.sessionForm), ("VerProto", "DM/1.2", .sessionForm),
            ("SessionID", "\(package.session)", .sessionID),
        ]
        for (name, expected, rule) in values {
            let found = header.first(name)?.trimmedText ?? "none"
            try judge.require(found == expected, rule, "\(name) \(expected)", found: found)
        }
        let target = header.first("Target")?.first("LocURI")?.trimmedText ?? "none"
        try judge.require(target == package.source, .sessionTarget, "Target \(package.source)", found: target)
        let source = header.first("Source")?.first("LocURI")?.trimmedText ?? ""
        try judge.require(!source.isEmpty, .sessionTarget, "a Source that names the server", found: "none")
    }

    private static func credential(_ element: XMLElement, _ judge: Judge) throws(Deviation) -> ManagementCredential {
        let type = element.first("Meta")?.first("Type")?.trimmedText ?? "none"
        let method = try judge.unwrap(
            ManagementCredential.Method(rawValue: type),
            .sessionServerCredential,
            "a Cred of \(ManagementCredential.Method.digest.rawValue)",
            found: type
        )
        return ManagementCredential(method: method, data: element.first("Data")?.trimmedText ?? "")
    }

    private static func status(_ element: XMLElement, _ judge: Judge) throws(Deviation) -> Status {
        func number(_ name: String) throws(Deviation) -> Int {
            let text = element.first(name)?.trimmedText ?? "none"
            return try judge.unwrap(Int(text), .sessionStatus, "a number in \(name) of a Status", found: text)
        }
        let challenge: ManagementChallenge?
        if let meta = element.first("Chal")?.first("Meta") {
            let type = meta.first("Type")?.trimmedText ?? "none"
            let method = try judge.unwrap(
                ManagementCredential.Method(rawValue: type),
                .sessionChallenge,
                "a challenge of a type that the account has",
                found: type
            )
            let text = meta.first("NextNonce")?.trimmedText
            let nonce = try text.map { (text) throws(Deviation) in
                try judge.unwrap(Base64.decode(text.utf8), .sessionChallenge, "NextNonce in base64", found: text)
            }
            challenge = ManagementChallenge(method: method, nonce: nonce)
        } else {
            challenge = nil
        }
        return Status(
            message: try number("MsgRef"),
            command: try judge.unwrap(
                element.first("CmdRef")?.trimmedText,
                .sessionStatus,
                "a CmdRef in a Status"
            ),
            name: element.first("Cmd")?.trimmedText ?? "",
            code: try number("Data"),
            challenge: challenge
        )
    }

    private static func command(_ element: XMLElement, _ id: String, _ judge: Judge) throws(Deviation) -> Command {
        try judge.require(
            Self.commandNames.contains(element.localName),
            .sessionForm,
            "commands of OMA Device Management",
            found: element.localName
        )
        let items = element.children.filter { $0.localName == "Item" }
        return Command(
            name: element.localName,
            id: id,
            items: items.map { item in
                Item(
                    target: item.first("Target")?.first("LocURI")?.trimmedText ?? "",
                    data: item.first("Data")?.text
                )
            }
        )
    }
}

extension ServerPackage {
    /// What the server makes of the device's message as a whole.
    ///
    /// - Throws: ``Deviation`` when it does not say.
    func verdict(on package: DevicePackage, _ judge: Judge) throws(Deviation) -> Status {
        let about = self.statuses.filter { $0.message == package.message && $0.command == "0" }
        try judge.require(
            about.count == 1 && about[0].name == "SyncHdr",
            .sessionHeaderStatus,
            "one Status for SyncHdr of message \(package.message)",
            found: about.isEmpty ? "none" : about.map(\.name).joined(separator: ", ")
        )
        return about[0]
    }

    /// Checks that each command of a message that was accepted got its status.
    func checkStatuses(for package: DevicePackage, _ judge: Judge) throws(Deviation) {
        for command in package.commands {
            let status = self.statuses.first { $0.message == package.message && $0.command == command.id }
            let found = status.map { "\($0.name) \($0.code)" } ?? "none"
            try judge.require(
                status.map { $0.name == command.name && (200..<300).contains($0.code) } ?? false,
                .sessionStatus,
                "a Status from 200 on for \(command.name) \(command.id)",
                found: found
            )
        }
    }
}

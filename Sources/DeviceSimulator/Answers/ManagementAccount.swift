/// The management account of a provisioning document: `APPLICATION` and `DMClient` ([MS-MDE2] § 2.2.9.3, § 2.2.9.5).
struct ManagementAccount: Hashable, Sendable {
    /// What one side shows to the other (`APPAUTH`).
    struct Party: Hashable, Sendable {
        let name: String
        let secret: String
        let method: ManagementCredential.Method
        /// Octets of the first nonce.
        let nonce: [UInt8]

        func credential(
            _ method: ManagementCredential.Method,
            nonce: [UInt8]
        ) throws(SimulationFailure) -> ManagementCredential {
            switch method {
            case .basic: .basic(name: self.name, secret: self.secret)
            case .digest: try .digest(name: self.name, secret: self.secret, nonce: nonce)
            }
        }
    }

    let providerID: String
    /// The first of ``addresses``.
    let address: String
    /// Where the management server is, in the order in which the device tries.
    let addresses: [String]
    /// By which the device proves itself (level APPSRV).
    let device: Party
    /// By which the server does (level CLIENT), under the provider's name.
    let server: Party
    let entDMID: String
    let userPrincipalName: String?
    /// `SSLCLIENTCERTSEARCHCRITERIA`; often left out.
    let searchCriteria: String?

    init(_ tree: Characteristic, _ judge: Judge) throws(Deviation) {
        let applications = tree.all("APPLICATION")
        try judge.require(applications.count == 1, .applicationID, "one APPLICATION", found: "\(applications.count)")
        let application = applications[0]
        let identifier = application.value("APPID") ?? "none"
        try judge.require(identifier == "w7", .applicationID, "APPID w7", found: identifier)
        self.providerID = try judge.unwrap(application.value("PROVIDER-ID"), .providerID, "a PROVIDER-ID")
        self.address = application.value("ADDR") ?? application.below("APPADDR").first?.value("ADDR") ?? "none"
        try judge.require(
            self.address.hasPrefix("https://"),
            .managementAddress,
            "ADDR with an https address",
            found: self.address
        )
        try judge.require(
            application.parameters["INIT"] == nil,
            .applicationID,
            "no INIT, with which provisioning fails",
            found: "INIT"
        )
        self.searchCriteria = application.value("SSLCLIENTCERTSEARCHCRITERIA")
        (self.device, self.server) = try Self.parties(in: application, providerID: self.providerID, judge)

        let providers = tree.below("DMClient", "Provider").flatMap(\.children)
        try judge.require(
            providers.map(\.type) == [self.providerID],
            .providerID,
            "one DMClient provider \(self.providerID)",
            found: providers.isEmpty ? "none" : providers.map(\.type).joined(separator: ", ")
        )
        let entDMID = providers[0].value("EntDMID") ?? ""
        try judge.require(!entDMID.isEmpty, .entDMID, "EntDMID, without which no renewal works", found: "none")
        self.entDMID = entDMID
        self.userPrincipalName = providers[0].value("UPN")
        self.addresses = try Self.addresses(in: providers[0], besides: self.address, judge)
        try PollSchedule.check(providers[0], judge)
    }

    /// `ManagementServerAddressList`, each address in angle brackets, which takes the place of ADDR ([MS-MDE2] § 2.2.9.3).
    private static func addresses(
        in provider: Characteristic,
        besides address: String,
        _ judge: Judge
    ) throws(Deviation) -> [String] {
        guard let list = provider.value("ManagementServerAddressList") else { return [address] }
        let parts = list.split(separator: ">", omittingEmptySubsequences: true)
        try judge.require(
            list.hasSuffix(">")
                && parts.allSatisfy { $0.hasPrefix("<https://") && $0.dropFirst().allSatisfy { $0 != "<" } },
            .managementAddress,
            "https addresses in angle brackets in ManagementServerAddressList",
            found: list
        )
        let addresses = parts.map { String($0.dropFirst()) }
        try judge.require(
            addresses.first == address,
            .managementAddress,
            "ADDR as the first of ManagementServerAddressList",
            found: "\(address) and \(list)"
        )
        return addresses
    }

    private static func parties(
        in application: Characteristic,
        providerID: String,
        _ judge: Judge
    ) throws(Deviation) -> (device: Party, server: Party) {
        let authentications = application.all("APPAUTH")
        let levels = authentications.map { $0.value("AAUTHLEVEL") ?? "none" }
        try judge.require(
            levels.sorted() == ["APPSRV", "CLIENT"],
            .authentications,
            "two APPAUTH, of level CLIENT and APPSRV",
            found: levels.isEmpty ? "none" : levels.joined(separator: ", ")
        )
        var nonces: [[UInt8]] = []
        for (authentication, level) in zip(authentications, levels) {
            let type = authentication.value("AAUTHTYPE") ?? "none"
            try judge.require(
                type == "DIGEST" || (type == "BASIC" && level == "APPSRV"),
                .authentications,
                level == "CLIENT" ? "AAUTHTYPE DIGEST at \(level)" : "AAUTHTYPE BASIC or DIGEST at \(level)",
                found: type
            )
            try judge.require(
                authentication.value("AAUTHSECRET")?.isEmpty == false,
                .authentications,
                "an AAUTHSECRET at \(level)",
                found: "none"
            )
            try judge.require(
                level == "CLIENT" || authentication.value("AAUTHNAME")?.isEmpty == false,
                .authentications,
                "an AAUTHNAME at \(level)",
                found: "none"
            )
            let nonce = authentication.value("AAUTHDATA").flatMap { Base64.decode($0.utf8) } ?? []
            // Without, Windows 11 enrolls and then fails to make the account.
            try judge.require(
                nonce.count == 16,
                .nonce,
                "AAUTHDATA with 16 octets in base64 at \(level)",
                found: authentication.value("AAUTHDATA") == nil ? "none" : "\(nonce.count) octets"
            )
            nonces.append(nonce)
        }
        try judge.require(nonces[0] != nonces[1], .distinctNonces, "two different nonces", found: "one twice")
        let secrets = authentications.map { $0.value("AAUTHSECRET") ?? "" }
        try judge.require(secrets[0] != secrets[1], .authentications, "two different secrets", found: "one twice")
        func party(_ index: Int, name: String) -> Party {
            let isBasic = authentications[index].value("AAUTHTYPE") == "BASIC"
            return Party(
                name: name,
                secret: secrets[index],
                method: isBasic ? .basic : .digest,
                nonce: nonces[index]
            )
        }
        let own = levels[0] == "APPSRV" ? 0 : 1
        return (party(own, name: authentications[own].value("AAUTHNAME") ?? ""), party(1 - own, name: providerID))
    }
}

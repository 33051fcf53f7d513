/// What the device takes from a provisioning document that broke no rule ([MS-MDE2] § 2.2.9).
struct ProvisioningDocument: Hashable, Sendable {
    /// DER of what is delivered into `Root/System`.
    let roots: [[UInt8]]
    /// DER of what is delivered into `CA/System`.
    let intermediates: [[UInt8]]
    /// DER of the device's own.
    let certificate: [UInt8]
    let account: ManagementAccount
    /// Days before expiry at which renewal begins.
    let renewalPeriod: Int

    init(_ octets: [UInt8], type: DeviceProfile.EnrollmentType, _ judge: Judge) throws(Deviation) {
        let tree = try DocumentTree.read(octets, judge)
        self.roots = try CertificateStore.certificates(in: tree.below("CertificateStore", "Root", "System"), judge)
        try judge.require(!self.roots.isEmpty, .rootStore, "a certificate in Root/System", found: "none")
        self.intermediates = try CertificateStore.certificates(
            in: tree.below("CertificateStore", "CA", "System"),
            judge
        )
        self.certificate = try Self.clientCertificate(in: tree, type: type, judge)
        self.renewalPeriod = try Self.renewalPeriod(in: tree, judge)
        self.account = try ManagementAccount(tree, judge)
    }

    private static func clientCertificate(
        in tree: Characteristic,
        type: DeviceProfile.EnrollmentType,
        _ judge: Judge
    ) throws(Deviation) -> [UInt8] {
        let store = try CertificateStore.own(in: tree, type: type, judge)
        let nodes = store.children.filter { $0.type != "PrivateKeyContainer" }
        try judge.require(
            nodes.count == 1,
            .clientStore,
            "one certificate in My/\(type.store)",
            found: "\(nodes.count)"
        )
        try judge.require(
            store.all("PrivateKeyContainer").count == 1 && nodes[0].all("PrivateKeyContainer").isEmpty,
            .privateKeyContainer,
            "PrivateKeyContainer beside the certificate's node",
            found: nodes[0].all("PrivateKeyContainer").isEmpty ? "none" : "one inside it"
        )
        return try CertificateStore.certificate(in: nodes[0], judge)
    }

    private static func renewalPeriod(in tree: Characteristic, _ judge: Judge) throws(Deviation) -> Int {
        let nodes = tree.below("CertificateStore", "My", "WSTEP", "Renew")
        try judge.require(nodes.count == 1, .renewalPeriod, "one My/WSTEP/Renew", found: "\(nodes.count)")
        let datatypes = [("ROBOSupport", "boolean"), ("RenewPeriod", "integer"), ("RetryInterval", "integer")]
        for (name, datatype) in datatypes {
            guard let parameter = nodes[0].parameters[name] else { continue }
            try judge.require(
                parameter.datatype == datatype,
                .renewalDatatypes,
                "\(name) with datatype \(datatype)",
                found: parameter.datatype ?? "none"
            )
        }
        let robo = nodes[0].value("ROBOSupport") ?? "true"
        try judge.require(robo == "true" || robo == "false", .renewalPeriod, "ROBOSupport true or false", found: robo)
        // What the device takes when a parameter is left out.
        let period = nodes[0].value("RenewPeriod") ?? "42"
        let interval = nodes[0].value("RetryInterval") ?? "7"
        guard let days = Int(period), (1...1000).contains(days), let retry = Int(interval), (1...days).contains(retry)
        else {
            throw Deviation(
                judge.step,
                .renewalPeriod,
                expected: "RenewPeriod of 1 to 1000 days and RetryInterval of 1 to as many",
                found: "\(period) and \(interval)"
            )
        }
        return days
    }
}

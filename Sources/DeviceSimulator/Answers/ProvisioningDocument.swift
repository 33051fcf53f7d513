internal import OpenSSLKit
internal import XMLKit

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
        let root: XMLElement
        do throws(XMLParseError) {
            root = try XMLDocument(parsing: octets).root
        } catch {
            throw Deviation(judge.step, .document, expected: "an XML document", found: "\(error)")
        }
        try judge.require(
            !octets.contains(10) && !octets.contains(13) && !octets.contains(9),
            .singleLine,
            "no line ends and tabs in the document",
            found: "some"
        )
        let version = root.attribute("version") ?? "none"
        try judge.require(
            root.localName == "wap-provisioningdoc" && version == "1.1",
            .documentShape,
            "wap-provisioningdoc of version 1.1",
            found: "\(root.localName) of version \(version)"
        )
        let tree = try Characteristic(root, judge)
        try judge.require(
            tree.all("RootCATrustedCertificates").isEmpty,
            .noTopLevelRoots,
            "no RootCATrustedCertificates at the top, which Windows 11 refuses",
            found: "one"
        )
        self.roots = try Self.certificates(in: tree.below("CertificateStore", "Root", "System"), judge)
        try judge.require(!self.roots.isEmpty, .rootStore, "a certificate in Root/System", found: "none")
        self.intermediates = try Self.certificates(in: tree.below("CertificateStore", "CA", "System"), judge)
        self.certificate = try Self.clientCertificate(in: tree, type: type, judge)
        self.renewalPeriod = try Self.renewalPeriod(in: tree, judge)
        self.account = try ManagementAccount(tree, judge)
    }

    private static func certificates(in stores: [Characteristic], _ judge: Judge) throws(Deviation) -> [[UInt8]] {
        var result: [[UInt8]] = []
        for node in stores.flatMap(\.children) { result.append(try self.certificate(in: node, judge)) }
        return result
    }

    /// A node that is named after the certificate in it.
    private static func certificate(in node: Characteristic, _ judge: Judge) throws(Deviation) -> [UInt8] {
        let text = try judge.unwrap(node.value("EncodedCertificate"), .encodedCertificate, "EncodedCertificate")
        let der = try judge.unwrap(
            Base64.decode(text.utf8),
            .encodedCertificate,
            "base64 without line breaks",
            found: "\(text.utf8.count) symbols with something else among them"
        )
        let thumbprint: String
        do throws(OpenSSLError) {
            thumbprint = Hexadecimal.upper(try Digest.sha1(der))
        } catch {
            throw Deviation(judge.step, .thumbprint, expected: "SHA-1 of the certificate", found: "\(error)")
        }
        try judge.require(
            node.type == thumbprint,
            .thumbprint,
            "\(thumbprint), the SHA-1 of the certificate in it",
            found: node.type
        )
        return der
    }

    private static func clientCertificate(
        in tree: Characteristic,
        type: DeviceProfile.EnrollmentType,
        _ judge: Judge
    ) throws(Deviation) -> [UInt8] {
        for other in DeviceProfile.EnrollmentType.allCases where other != type {
            try judge.require(
                tree.below("CertificateStore", "My", other.store).isEmpty,
                .clientStore,
                "My/\(type.store), as EnrollmentType is \(type.rawValue)",
                found: "My/\(other.store)"
            )
        }
        let stores = tree.below("CertificateStore", "My", type.store)
        try judge.require(
            stores.count == 1,
            .clientStore,
            "one My/\(type.store), as EnrollmentType is \(type.rawValue)",
            found: "\(stores.count)"
        )
        let nodes = stores[0].children.filter { $0.type != "PrivateKeyContainer" }
        try judge.require(
            nodes.count == 1,
            .clientStore,
            "one certificate in My/\(type.store)",
            found: "\(nodes.count)"
        )
        try judge.require(
            stores[0].all("PrivateKeyContainer").count == 1 && nodes[0].all("PrivateKeyContainer").isEmpty,
            .privateKeyContainer,
            "PrivateKeyContainer beside the certificate's node",
            found: nodes[0].all("PrivateKeyContainer").isEmpty ? "none" : "one inside it"
        )
        return try self.certificate(in: nodes[0], judge)
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

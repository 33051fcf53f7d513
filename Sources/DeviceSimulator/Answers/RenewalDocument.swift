/// The provisioning document of a renewal: the new certificate, and little else ([MS-MDE2] § 3.5.4.1.1.2).
struct RenewalDocument: Hashable, Sendable {
    /// DER of what is delivered into `Root/System`; often nothing, since the device has it.
    let roots: [[UInt8]]
    /// DER of what is delivered into `CA/System`.
    let intermediates: [[UInt8]]
    /// DER of the device's own.
    let certificate: [UInt8]

    /// - Parameters:
    ///   - octets: As received.
    ///   - type: Of the enrollment that is renewed.
    ///   - providerID: Of the account the device has already.
    ///   - judge: The step in which it came.
    /// - Throws: ``Deviation`` for the first rule that is broken.
    init(
        _ octets: [UInt8],
        type: DeviceProfile.EnrollmentType,
        providerID: String,
        _ judge: Judge
    ) throws(Deviation) {
        let tree = try DocumentTree.read(octets, judge)
        try Self.requireNothingElse(in: tree, besides: ["CertificateStore", "APPLICATION"], judge)
        for store in tree.all("CertificateStore") {
            try Self.requireNothingElse(in: store, besides: ["Root", "CA", "My"], judge)
            for place in store.all("Root") + store.all("CA") {
                try Self.requireNothingElse(in: place, besides: ["System"], judge)
            }
            for place in store.all("My") {
                // A store of the other kind gets a word of its own below.
                let stores = DeviceProfile.EnrollmentType.allCases.map(\.store)
                try Self.requireNothingElse(in: place, besides: stores, judge)
            }
        }
        self.roots = try CertificateStore.certificates(in: tree.below("CertificateStore", "Root", "System"), judge)
        self.intermediates = try CertificateStore.certificates(
            in: tree.below("CertificateStore", "CA", "System"),
            judge
        )
        self.certificate = try Self.clientCertificate(
            in: try CertificateStore.own(in: tree, type: type, judge),
            type: type,
            judge
        )
        try Self.checkAccount(in: tree, providerID: providerID, judge)
    }

    private static func requireNothingElse(
        in node: Characteristic,
        besides types: [String],
        _ judge: Judge
    ) throws(Deviation) {
        let place = node.type.isEmpty ? "the document" : node.type
        if let other = node.children.first(where: { !types.contains($0.type) }) {
            throw Deviation(
                judge.step,
                .renewalSurplus,
                expected: "\(types.joined(separator: ", ")) in \(place), as a renewal changes nothing else",
                found: other.type
            )
        }
        if let name = node.parameters.keys.min() {
            throw Deviation(judge.step, .renewalSurplus, expected: "no parm in \(place)", found: name)
        }
    }

    /// Published renewals have `PrivateKeyContainer` inside the certificate's node, enrollments beside it: either is good.
    private static func clientCertificate(
        in store: Characteristic,
        type: DeviceProfile.EnrollmentType,
        _ judge: Judge
    ) throws(Deviation) -> [UInt8] {
        let nodes = store.children.filter { $0.type != "PrivateKeyContainer" }
        try judge.require(
            nodes.count == 1,
            .clientStore,
            "one certificate in My/\(type.store)",
            found: "\(nodes.count)"
        )
        let containers = store.all("PrivateKeyContainer").count + nodes[0].all("PrivateKeyContainer").count
        try judge.require(
            containers == 1,
            .privateKeyContainer,
            "one PrivateKeyContainer, beside the certificate's node or inside it",
            found: "\(containers)"
        )
        let surplus =
            nodes[0].parameters.keys.filter { $0 != "EncodedCertificate" }
            + nodes[0].children.map(\.type).filter { $0 != "PrivateKeyContainer" }
        try judge.require(
            surplus.isEmpty,
            .renewalSurplus,
            "EncodedCertificate alone with the certificate",
            found: surplus.sorted().joined(separator: ", ")
        )
        return try CertificateStore.certificate(in: nodes[0], judge)
    }

    /// The specification sends no account, Windows' documentation one that is named and nothing more.
    private static func checkAccount(
        in tree: Characteristic,
        providerID: String,
        _ judge: Judge
    ) throws(Deviation) {
        let applications = tree.all("APPLICATION")
        try judge.require(
            applications.count <= 1,
            .applicationID,
            "at most one APPLICATION",
            found: "\(applications.count)"
        )
        guard let application = applications.first else { return }
        let named = application.value("PROVIDER-ID") ?? "none"
        try judge.require(
            named == providerID,
            .providerID,
            "PROVIDER-ID \(providerID), the device's account",
            found: named
        )
        let identifier = application.parameters["APPID"].map { $0.value ?? "none" } ?? "w7"
        try judge.require(identifier == "w7", .applicationID, "APPID w7, or none", found: identifier)
        let surplus =
            application.parameters.keys.filter { $0 != "PROVIDER-ID" && $0 != "APPID" }
            + application.children.map(\.type)
        try judge.require(
            surplus.isEmpty,
            .renewalSurplus,
            "APPID and PROVIDER-ID alone in APPLICATION",
            found: surplus.sorted().joined(separator: ", ")
        )
    }
}

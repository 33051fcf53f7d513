import EnrollmentTestKit

extension Breach {
    private static let everythingMissing: Set<String> = [
        "basic-constraints.present", "key-usage.present", "extended-key-usage.present",
        "alternative-names.for-end-entities", "subject-key-identifier.present", "authority-key-identifier.present",
    ]

    static let ofExtensions: [Breach] = [
        Breach("extensions.present", implies: Self.everythingMissing) { $0.extensions = nil },
        Breach("extensions.list-not-empty", implies: Self.everythingMissing) { $0.extensions = [] },
        Breach("extensions.no-duplicates") { $0.repeatLastExtension() },
        Breach("extensions.false-not-written") { $0.setCritical(ExtensionID.subjectKeyIdentifier, false) },
        Breach("extensions.not-empty-value", in: .responder, implies: ["ocsp-no-check.is-null"]) {
            $0.put(ExtensionID.ocspNoCheck, DERElement([]))
        },
        Breach("extensions.known") { $0.put("2.5.29.54", .integer([0])) },
        Breach("extensions.criticality") { $0.setCritical(ExtensionID.subjectAlternativeName, true) },
        Breach("extensions.arcs-fit-32-bits", implies: ["extensions.known"]) {
            $0.put("1.3.6.1.4.1.311.21.8.4294967296", .null)
        },
    ]

    static let ofConstraints: [Breach] = [
        Breach("basic-constraints.present") { $0.remove(ExtensionID.basicConstraints) },
        Breach("basic-constraints.critical", in: .issuing) { $0.setCritical(ExtensionID.basicConstraints, nil) },
        Breach("basic-constraints.encoding") {
            $0.put(ExtensionID.basicConstraints, critical: true, .sequence([.boolean(false)]))
        },
        Breach("basic-constraints.encoding") {
            $0.put(ExtensionID.basicConstraints, critical: true, .sequence([.integer([0])]))
        },
        Breach("basic-constraints.encoding", in: .root) {
            $0.put(ExtensionID.basicConstraints, critical: true, .sequence([.boolean(true), .integer([0xff])]))
        },
        Breach("basic-constraints.encoding", in: .root) {
            $0.put(ExtensionID.basicConstraints, critical: true, .sequence([.boolean(true), .integer([1]), .null]))
        },
        Breach(
            "basic-constraints.depth-allowed",
            in: .issuing,
            withIssuer: { _, issuer in
                issuer.put(ExtensionID.basicConstraints, critical: true, .sequence([.boolean(true), .integer([0])]))
            }
        ),
        Breach("basic-constraints.depth-allowed", in: .issuing) {
            $0.put(ExtensionID.basicConstraints, critical: true, .sequence([.boolean(true)]))
        },
    ]

    static let ofUsage: [Breach] = [
        Breach("key-usage.present") { $0.remove(ExtensionID.keyUsage) },
        Breach("key-usage.critical") { $0.setCritical(ExtensionID.keyUsage, nil) },
        Breach(
            "key-usage.not-empty",
            implies: ["key-usage.shortest-form", "key-usage.end-entity-authenticates"]
        ) { $0.putUsage([]) },
        Breach("key-usage.shortest-form") { $0.putUsage([0x80], unused: 0) },
        Breach("key-usage.shortest-form") { $0.putUsage([0x80, 0x00], unused: 7) },
        Breach("key-usage.authority-signs", in: .issuing) { $0.putUsage([0x04], unused: 2) },
        Breach("key-usage.authority-signs", in: .root) { $0.putUsage([0x02], unused: 1) },
        Breach("key-usage.end-entity-does-not-sign") { $0.putUsage([0x84], unused: 2) },
        Breach("key-usage.end-entity-does-not-sign") { $0.putUsage([0x82], unused: 1) },
        Breach("key-usage.end-entity-authenticates", in: .server) { $0.putUsage([0x20], unused: 5) },
        Breach("key-usage.fits-the-key") { $0.putUsage([0xa0], unused: 5) },
        Breach("extended-key-usage.present") { $0.remove(ExtensionID.extendedKeyUsage) },
        Breach("extended-key-usage.not-empty") { $0.putPurposes() },
        Breach(
            "extended-key-usage.not-any",
            withIssuer: { certificate, issuer in
                certificate.putPurposes(PurposeID.any)
                issuer.remove(ExtensionID.extendedKeyUsage)
            }
        ),
        Breach("extended-key-usage.no-duplicates", in: .issuing) {
            $0.putPurposes(PurposeID.clientAuth, PurposeID.clientAuth)
        },
        Breach("extended-key-usage.single-role") { $0.putPurposes(PurposeID.clientAuth, PurposeID.serverAuth) },
        Breach(
            "extended-key-usage.allowed-by-issuer",
            withIssuer: { _, issuer in issuer.putPurposes(PurposeID.serverAuth) }
        ),
        Breach("ocsp-no-check.on-responders-only") { $0.put(ExtensionID.ocspNoCheck, .null) },
        Breach("ocsp-no-check.on-responders-only", in: .issuing) { $0.put(ExtensionID.ocspNoCheck, .null) },
        Breach("ocsp-no-check.on-every-responder", in: .responder) { $0.remove(ExtensionID.ocspNoCheck) },
        Breach("ocsp-no-check.is-null", in: .responder) { $0.put(ExtensionID.ocspNoCheck, .sequence([])) },
        Breach("ocsp-no-check.at-most-90-days", in: .responder) { $0.notAfter = .utcTime("260401000000Z") },
        Breach("ocsp-no-check.signs-nothing-else", in: .responder) { $0.putUsage([0xc0], unused: 6) },
    ]

    static let ofKeyIdentifiers: [Breach] = [
        Breach("subject-key-identifier.present") { $0.remove(ExtensionID.subjectKeyIdentifier) },
        Breach("subject-key-identifier.present") { $0.put(ExtensionID.subjectKeyIdentifier, .octetString([])) },
        Breach("authority-key-identifier.present") { $0.remove(ExtensionID.authorityKeyIdentifier) },
        Breach("authority-key-identifier.is-the-issuers") { $0.putAuthorityKey(ForgedCertificate.ownKeyIdentifier) },
        Breach("authority-key-identifier.is-the-issuers") {
            $0.put(ExtensionID.authorityKeyIdentifier, .sequence([]))
        },
        Breach("authority-key-identifier.key-alone") {
            let identifier = [UInt8](repeating: 0x22, count: 20)
            $0.putAuthorityKey(identifier, and: [.context(2, octets: [1, 2, 3])])
        },
    ]

    static let ofLocations: [Breach] = [
        Breach("crl-distribution-points.http") {
            $0.putLocations(crl: "https://pki.contoso.example/pki/crl/\(ForgedKind.issuerID)/0.crl")
        },
        Breach("crl-distribution-points.name-the-issuer") {
            $0.putLocations(crl: "http://pki.contoso.example/pki/crl/current/0.crl")
        },
        Breach("authority-information-access.http") {
            $0.putLocations(ocsp: "https://pki.contoso.example/pki/ocsp/\(ForgedKind.issuerID)")
        },
        Breach("authority-information-access.names-the-issuer") {
            $0.putLocations(issuer: "http://pki.contoso.example/pki/issuer/current.cer")
        },
        Breach("authority-information-access.names-the-issuer") {
            $0.putLocations(ocsp: "http://pki.contoso.example/pki/ocsp/current")
        },
    ]
}

extension ForgedCertificate {
    fileprivate mutating func repeatLastExtension() {
        let list = self.extensions ?? []
        self.extensions = list + list.suffix(1)
    }

    fileprivate mutating func putUsage(_ octets: [UInt8], unused: UInt8 = 0) {
        self.put(ExtensionID.keyUsage, critical: true, .bitString(octets, unused: unused))
    }
}

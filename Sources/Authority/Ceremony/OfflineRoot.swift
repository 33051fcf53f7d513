package import EnrollmentCore
package import OpenSSLKit
internal import X509Kit

/// A root that lives on a machine without a network: its certificate, and its key as that machine keeps it.
package struct OfflineRoot: Sendable {
    private static let version = "gatehouse-root-key/1"

    package let id: String
    /// DER.
    package let certificate: [UInt8]
    /// ``KeyLocation/sealed(_:)`` or ``KeyLocation/split(_:)``.
    package let key: KeyLocation
    /// What opens a sealed key with the passphrase; empty for a split one.
    private let parameters: [UInt8]

    /// How its key is kept.
    package enum Protection: Sendable {
        case passphrase(Redacted<[UInt8]>)
        case shares(threshold: Int, count: Int)
    }

    /// What the certificate is to say.
    package struct Order: Sendable {
        package var id: String
        package var organization: String
        package var key: KeyType
        package var profile: CertificateProfile

        package init(id: String, organization: String, key: KeyType, profile: CertificateProfile) {
            self.id = id
            self.organization = organization
            self.key = key
            self.profile = profile
        }
    }

    private init(id: String, certificate: [UInt8], key: KeyLocation, parameters: [UInt8]) {
        self.id = id
        self.certificate = certificate
        self.key = key
        self.parameters = parameters
    }

    /// Makes key and self-signed certificate, in the order of issuing; `record` hears of what is about to be signed.
    ///
    /// - Returns: The root, and the shares of its key where it is split.
    /// - Throws: ``EnrollmentError`` when the certificate would break a rule, or the library failed.
    package static func make(
        _ order: Order,
        protectedBy protection: Protection,
        clock: any WallClock,
        random: any RandomSource,
        record: (_ toBeSigned: [UInt8]) throws -> Void
    ) async throws -> (root: OfflineRoot, shares: [KeyShare]) {
        let key = try library("ceremony.key") { () throws(OpenSSLError) in try SigningKey.generate(order.key) }
        let prepared = try Self.prepare(order, key, clock, random)
        let (location, parameters, shares) = try Self.protect(key, order.id, protection)
        try record(prepared.prepared.toBeSigned)
        let certificate = try await CertificateEncoder.sign(prepared.prepared, by: prepared.party)
        let root = OfflineRoot(id: order.id, certificate: certificate.der, key: location, parameters: parameters)
        return (root, shares)
    }

    private static func prepare(
        _ order: Order,
        _ key: SigningKey,
        _ clock: any WallClock,
        _ random: any RandomSource
    ) throws(EnrollmentError) -> (prepared: PreparedCertificate, party: SigningParty) {
        let profile = order.profile
        let others = profile.subject.isEmpty ? [.init(.organization, order.organization)] : profile.subject
        let subject = others + [.init(.commonName, "\(order.organization) Root \(order.id)")]
        var usage = profile.keyUsage
        if case .rsa = order.key { usage.formUnion(profile.keyUsageForRSA) }
        let draft = CertificateDraft(
            profile: profile.name,
            serialNumber: SerialNumber(node: 1, random: try random.octets(SerialNumber.randomOctets)),
            issuerID: order.id,
            subject: subject,
            validity: Validity(
                from: clock.now,
                backdatedBy: profile.backdateSeconds,
                days: profile.validityDays,
                within: nil
            ),
            publicKeyInfo: key.publicKeyInfo,
            role: profile.role,
            keyUsage: usage,
            purposes: profile.purposes,
            alternativeNames: [],
            crlURLs: [],
            crlShard: nil,
            ocspURL: nil,
            issuerURL: nil
        )
        let name = try CertificateEncoder.name(subject, of: profile.name)
        let party = try SigningParty(rootID: order.id, key: HeldKey(key), subject: name.der)
        return (try CertificateEncoder.prepare(draft, for: party), party)
    }

    private static func protect(
        _ key: SigningKey,
        _ id: String,
        _ protection: Protection
    ) throws(EnrollmentError) -> (KeyLocation, [UInt8], [KeyShare]) {
        switch protection {
        case .passphrase(let secret):
            let (vault, parameters) = try Vault.create(passphrase: SecretOctets(secret.reveal()), cost: .file)
            return (.sealed(try vault.seal(key, of: id)), parameters, [])
        case .shares(let threshold, let count):
            let (split, shares) = try SplitKey.make(of: key, owner: id, threshold: threshold, count: count)
            return (.split(split.octets), [], shares)
        }
    }

    // MARK: Its key

    /// The key, sealed, as a file keeps it.
    package var keyFile: String {
        var writer = CeremonyFieldWriter()
        writer.append(Self.version)
        writer.append(self.id)
        writer.append(self.key.place)
        writer.append(self.key.octets)
        writer.append(self.parameters)
        let text = "Gatehouse root \(self.id): its key, \(self.key.place)\n"
        return CeremonyFile.encode(text, writer.octets, as: .key)
    }

    /// - Parameters:
    ///   - certificate: DER.
    ///   - keyFile: What ``keyFile`` gave.
    /// - Throws: ``EnrollmentError`` with rule `ceremony.malformed`.
    package init(certificate: [UInt8], keyFile: [UInt8]) throws(EnrollmentError) {
        var reader = CeremonyFieldReader(try CeremonyFile.decode(keyFile, as: .key).octets)
        guard try reader.text() == Self.version else { throw CeremonyFieldReader.malformed }
        self.id = try reader.text()
        let place = try reader.text()
        guard let key = KeyLocation(place: place, octets: try reader.octets()), place == "sealed" || place == "split"
        else { throw CeremonyFieldReader.malformed }
        self.key = key
        self.parameters = try reader.octets()
        try reader.finish()
        self.certificate = certificate
    }

    /// Opens the key with what its keepers brought.
    ///
    /// - Throws: ``EnrollmentError`` for a wrong passphrase, wrong shares, or a key that is not the certificate's.
    package func open(passphrase: Redacted<[UInt8]>?, shares: [KeyShare]) throws(EnrollmentError) -> OpenedRoot {
        let key: SigningKey
        switch (self.key, passphrase) {
        case (.sealed(let sealed), let passphrase?):
            key = try Vault(passphrase: SecretOctets(passphrase.reveal()), parameters: self.parameters)
                .open(sealed, of: self.id)
        case (.split(let octets), _): key = try SplitKey(octets: octets).open(with: shares, owner: self.id)
        default:
            throw EnrollmentError(.authorization, "The key of \(self.id) takes a passphrase.", rule: "vault.passphrase")
        }
        return OpenedRoot(party: try SigningParty(id: self.id, key: HeldKey(key), certificate: self.certificate))
    }
}

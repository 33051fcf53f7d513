package import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// What an offline root is asked to sign, and why: exact octets, with the signatures of those who ask.
package struct CeremonyRequest: Hashable, Sendable {
    private static let version = "gatehouse-ceremony-request/1"
    /// Ahead of what is signed, so that such a signature is never one of a certificate.
    private static let context = Array("Gatehouse ceremony request 1\n".utf8)
    static let mostItems: Int64 = 256

    /// A line for people that belongs to the request, and comes back with it.
    package struct Note: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A signature over the request by somebody who asks.
    package struct Voucher: Hashable, Sendable {
        /// DER: the active issuer's certificate, or the new key's SubjectPublicKeyInfo; for a root that is to be linked its
        /// own certificate, by which it has shown that it has the key.
        package let credential: [UInt8]
        /// Empty for such a root, whose key may be as far away as the one that is to sign.
        package let signature: [UInt8]
    }

    package var id: String
    package var kind: CeremonyRecord.Kind
    /// Whose certificate or CRLs it is about.
    package var issuerID: String
    package var rootID: String
    /// Certificate of the root that is to sign, DER.
    package var root: [UInt8]
    package var created: Timestamp
    package var actor: String
    package var reason: String
    package var notes: [Note]
    package var items: [CeremonyItem]
    /// By the key that is to be certified: whoever asks has it.
    package var possession: Voucher?
    /// By the active issuer, where there is one.
    package var attestation: Voucher?

    package init(
        id: String,
        kind: CeremonyRecord.Kind,
        issuerID: String,
        rootID: String,
        root: [UInt8],
        created: Timestamp,
        actor: String,
        reason: String,
        notes: [Note],
        items: [CeremonyItem]
    ) {
        self.id = id
        self.kind = kind
        self.issuerID = issuerID
        self.rootID = rootID
        self.root = root
        self.created = created
        self.actor = actor
        self.reason = reason
        self.notes = notes
        self.items = items
    }

    // MARK: Octets

    private var body: [UInt8] {
        var writer = CeremonyFieldWriter()
        for text in [Self.version, self.id, self.kind.rawValue, self.issuerID, self.rootID] { writer.append(text) }
        writer.append(self.root)
        writer.append(self.created.seconds)
        writer.append(self.actor)
        writer.append(self.reason)
        writer.append(Int64(self.notes.count))
        for note in self.notes {
            writer.append(note.name)
            writer.append(note.value)
        }
        writer.append(Int64(self.items.count))
        for item in self.items {
            switch item.content {
            case .certificate: writer.append("certificate")
            case .list(let turn):
                writer.append("crl")
                writer.append(Int64(turn.shard))
                writer.append(turn.holder)
                for number in [turn.number, turn.through, turn.thisUpdate, turn.nextUpdate, turn.entryCount] {
                    writer.append(number)
                }
                writer.append(turn.distributionPoint)
            }
            writer.append(item.toBeSigned)
        }
        return writer.octets
    }

    /// As it travels and is kept.
    package var octets: [UInt8] {
        var writer = CeremonyFieldWriter()
        writer.append(self.body)
        for voucher in [self.possession, self.attestation] {
            writer.append(voucher?.credential ?? [])
            writer.append(voucher?.signature ?? [])
        }
        return writer.octets
    }

    /// Reads ``octets``; nothing in it is believed yet.
    ///
    /// - Throws: ``EnrollmentError`` with rule `ceremony.malformed`.
    package init(octets: [UInt8]) throws(EnrollmentError) {
        var outer = CeremonyFieldReader(octets)
        var reader = CeremonyFieldReader(try outer.octets())
        guard try reader.text() == Self.version else { throw CeremonyFieldReader.malformed }
        self.id = try reader.text()
        guard let kind = CeremonyRecord.Kind(rawValue: try reader.text()) else { throw CeremonyFieldReader.malformed }
        self.kind = kind
        self.issuerID = try reader.text()
        self.rootID = try reader.text()
        self.root = try reader.octets()
        self.created = Timestamp(seconds: try reader.number())
        self.actor = try reader.text()
        self.reason = try reader.text()
        self.notes = []
        for _ in 0..<(try reader.count(atMost: 64)) { self.notes.append(Note(try reader.text(), try reader.text())) }
        self.items = []
        for _ in 0..<(try reader.count(atMost: Self.mostItems)) { self.items.append(try Self.item(&reader)) }
        try reader.finish()
        self.possession = try Self.voucher(&outer)
        self.attestation = try Self.voucher(&outer)
        try outer.finish()
        // One way to write it: what was read is what would be written.
        guard self.octets == octets else { throw CeremonyFieldReader.malformed }
    }

    private static func item(_ reader: inout CeremonyFieldReader) throws(EnrollmentError) -> CeremonyItem {
        switch try reader.text() {
        case "certificate": return CeremonyItem(.certificate, toBeSigned: try reader.octets())
        case "crl":
            let turn = CeremonyItem.ListTurn(
                shard: try reader.count(atMost: 1 << 16),
                holder: try reader.text(),
                number: try reader.number(),
                through: try reader.number(),
                thisUpdate: try reader.number(),
                nextUpdate: try reader.number(),
                entryCount: try reader.number(),
                distributionPoint: try reader.text()
            )
            return CeremonyItem(.list(turn), toBeSigned: try reader.octets())
        default: throw CeremonyFieldReader.malformed
        }
    }

    private static func voucher(_ reader: inout CeremonyFieldReader) throws(EnrollmentError) -> Voucher? {
        let (credential, signature) = (try reader.octets(), try reader.octets())
        return credential.isEmpty && signature.isEmpty ? nil : Voucher(credential: credential, signature: signature)
    }

    /// SHA-256 over ``octets``: what an answer names.
    package func digest() throws(EnrollmentError) -> [UInt8] {
        try library("ceremony.digest") { () throws(OpenSSLError) in try Digest.sha256(self.octets) }
    }

    // MARK: Who asks

    /// Adds the proof that whoever asks has the key.
    package mutating func prove(by key: any IssuerKey) async throws(EnrollmentError) {
        self.possession = Voucher(
            credential: key.publicKeyInfo,
            signature: try await key.sign(Self.context + self.body)
        )
    }

    /// Adds the certificate of the root that is to be linked.
    package mutating func show(_ root: IssuerRecord) {
        self.possession = Voucher(credential: root.certificate, signature: [])
    }

    /// Has the active issuer vouch for it.
    package mutating func attest(by key: any IssuerKey, certificate: [UInt8]) async throws(EnrollmentError) {
        self.attestation = Voucher(credential: certificate, signature: try await key.sign(Self.context + self.body))
    }

    /// Checks every signature that is there, that the certified key is the one that was proven, and that whoever vouches
    /// was an authority below this root when it did.
    ///
    /// Whether that authority is still to be trusted cannot be told here; people are shown which one it is.
    ///
    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `ceremony.possession` or `ceremony.attestation`.
    func verifyVouchers() throws(EnrollmentError) {
        let message = Self.context + self.body
        for item in self.items where item.content == .certificate {
            guard try self.possesses(try CeremonyReading.certificate(item.toBeSigned), message) else {
                throw EnrollmentError(
                    .authorization,
                    "Nobody has proven to have the key that is to be certified.",
                    rule: "ceremony.possession"
                )
            }
        }
        guard let attestation = self.attestation else { return }
        let certificate = try CertificateReading.certificate(attestation.credential, of: "the issuer that vouches")
        let root = try CertificateReading.certificate(self.root, of: self.rootID)
        let begin = try CeremonyReading.seconds { () throws(X509Error) in try certificate.notBeforeSeconds() }
        let end = try CeremonyReading.seconds { () throws(X509Error) in try certificate.notAfterSeconds() }
        guard certificate.isAuthority, certificate.issuer == root.subject, begin <= self.created.seconds,
            self.created.seconds <= end,
            try CeremonyReading.verifies(attestation.signature, over: message, by: certificate.publicKeyInfo),
            try CeremonyReading.verifies(certificate.signature, over: certificate.toBeSigned, by: root.publicKeyInfo)
        else {
            throw EnrollmentError(
                .authorization,
                "The issuer that is said to vouch for this request did not sign it, was not valid then, or is no authority"
                    + " below this root.",
                rule: "ceremony.attestation"
            )
        }
    }

    private func possesses(_ certificate: Certificate, _ message: [UInt8]) throws(EnrollmentError) -> Bool {
        guard let possession = self.possession else { return false }
        guard self.kind == .root else {
            guard possession.credential == certificate.publicKeyInfo else { return false }
            return try CeremonyReading.verifies(possession.signature, over: message, by: possession.credential)
        }
        let root = try CertificateReading.certificate(possession.credential, of: self.issuerID)
        guard possession.signature.isEmpty, root.isAuthority, root.issuer == root.subject,
            root.subject == certificate.subject, root.publicKeyInfo == certificate.publicKeyInfo
        else { return false }
        return try CeremonyReading.isSelfSigned(root)
    }
}

package import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// What an offline root signed, and for which request; signed as a whole by the root as well.
package struct CeremonyResponse: Hashable, Sendable {
    private static let version = "gatehouse-ceremony-response/1"
    private static let context = Array("Gatehouse ceremony response 1\n".utf8)

    /// The request's.
    package let id: String
    /// SHA-256 over the request's octets.
    package let requestDigest: [UInt8]
    package let rootID: String
    package let signedAt: Timestamp
    /// Who was at the offline machine.
    package let actor: String
    /// Certificates and CRLs in the order of the request's items, DER.
    package let results: [[UInt8]]
    private(set) package var signature: [UInt8] = []

    init(
        id: String,
        requestDigest: [UInt8],
        rootID: String,
        signedAt: Timestamp,
        actor: String,
        results: [[UInt8]],
        by key: any IssuerKey
    ) async throws(EnrollmentError) {
        self.id = id
        self.requestDigest = requestDigest
        self.rootID = rootID
        self.signedAt = Timestamp(seconds: signedAt.seconds)
        self.actor = actor
        self.results = results
        self.signature = try await key.sign(Self.context + self.body)
    }

    private var body: [UInt8] {
        var writer = CeremonyFieldWriter()
        writer.append(Self.version)
        writer.append(self.id)
        writer.append(self.requestDigest)
        writer.append(self.rootID)
        writer.append(self.signedAt.seconds)
        writer.append(self.actor)
        writer.append(Int64(self.results.count))
        for result in self.results { writer.append(result) }
        return writer.octets
    }

    package var octets: [UInt8] {
        var writer = CeremonyFieldWriter()
        writer.append(self.body)
        writer.append(self.signature)
        return writer.octets
    }

    /// Reads ``octets``; nothing in it is believed before ``verify(for:)``.
    package init(octets: [UInt8]) throws(EnrollmentError) {
        var outer = CeremonyFieldReader(octets)
        var reader = CeremonyFieldReader(try outer.octets())
        guard try reader.text() == Self.version else { throw CeremonyFieldReader.malformed }
        self.id = try reader.text()
        self.requestDigest = try reader.octets()
        self.rootID = try reader.text()
        self.signedAt = Timestamp(seconds: try reader.number())
        self.actor = try reader.text()
        var results: [[UInt8]] = []
        for _ in 0..<(try reader.count(atMost: CeremonyRequest.mostItems)) { results.append(try reader.octets()) }
        self.results = results
        try reader.finish()
        self.signature = try outer.octets()
        try outer.finish()
        guard self.octets == octets else { throw CeremonyFieldReader.malformed }
    }

    /// Checks that this is exactly what was asked: the request it names, each signed part octet for octet, every signature
    /// the root's.
    ///
    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `ceremony.other-request`, `ceremony.signature`,
    ///   `ceremony.signed-part`.
    package func verify(for request: CeremonyRequest) throws(EnrollmentError) {
        guard self.id == request.id, self.rootID == request.rootID, self.requestDigest == (try request.digest()),
            self.results.count == request.items.count
        else {
            throw EnrollmentError(
                .authorization,
                "The answer is not for the request \(request.id) as it left here.",
                rule: "ceremony.other-request"
            )
        }
        let root = try CertificateReading.certificate(request.root, of: request.rootID)
        let message = Self.context + self.body
        guard try CeremonyReading.verifies(self.signature, over: message, by: root.publicKeyInfo) else {
            throw Self.badSignature("the answer")
        }
        for (item, result) in zip(request.items, self.results) {
            let (signed, signature) = try Self.parts(of: result, item.content)
            guard signed == item.toBeSigned else {
                throw EnrollmentError(
                    .authorization,
                    "What was signed is not what was asked for, octet for octet.",
                    rule: "ceremony.signed-part"
                )
            }
            guard try CeremonyReading.verifies(signature, over: signed, by: root.publicKeyInfo) else {
                throw Self.badSignature("a certificate or CRL in it")
            }
        }
    }

    private static func parts(
        of result: [UInt8],
        _ content: CeremonyItem.Content
    ) throws(EnrollmentError) -> (signed: [UInt8], signature: [UInt8]) {
        do throws(X509Error) {
            switch content {
            case .certificate:
                let certificate = try Certificate(der: result)
                return (certificate.toBeSigned, certificate.signature)
            case .list:
                let list = try CertificateRevocationList(der: result)
                return (Array(list.toBeSigned), list.signature)
            }
        } catch {
            throw CeremonyReading.unreadable("result", error)
        }
    }

    private static func badSignature(_ what: String) -> EnrollmentError {
        EnrollmentError(.authorization, "The root did not sign \(what).", rule: "ceremony.signature")
    }
}

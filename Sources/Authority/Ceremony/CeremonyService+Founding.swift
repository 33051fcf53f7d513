package import EnrollmentCore
package import OpenSSLKit
internal import X509Kit

extension CeremonyService {
    private static let namesNote = "TLS names"
    private static let keyNote = "TLS key"

    /// What the listener's certificate is to be, as notes that come back with the answer.
    package static func notes(serverNames: [String], key: KeyType) -> [CeremonyRequest.Note] {
        [CeremonyRequest.Note(Self.namesNote, serverNames.joined(separator: ", ")), .init(Self.keyNote, key.label)]
    }

    /// Makes the listener's certificate of a founding that has waited for its issuer; once.
    ///
    /// - Parameters:
    ///   - request: What was asked, with the names.
    ///   - issuer: What came of it.
    ///   - profile: Of the certificate.
    /// - Returns: The certificate; `nil` when there is one already.
    /// - Throws: ``EnrollmentError`` when it cannot be made.
    @discardableResult
    package func issueServerCertificate(
        for request: CeremonyRequest,
        by issuer: IssuerRecord,
        profile: CertificateProfile
    ) async throws(EnrollmentError) -> IssuedCertificate? {
        guard try await self.ledger.serviceCertificate(for: "tls") == nil else { return nil }
        let values = Dictionary(request.notes.map { ($0.name, $0.value) }) { first, _ in first }
        let names = (values[Self.namesNote] ?? "").split(separator: ",").map {
            String($0.drop { $0 == " " })
        }
        let types: [KeyType] = [
            .ecdsaP256, .ecdsaP384, .rsa(bits: 2_048), .rsa(bits: 3_072), .rsa(bits: 4_096),
        ]
        guard let first = names.first, let type = types.first(where: { $0.label == values[Self.keyNote] }) else {
            throw CeremonyFieldReader.malformed
        }
        let party = try SigningParty(
            id: issuer.id,
            key: try self.vault.key(of: issuer),
            certificate: issuer.certificate
        )
        let order = CertificateMaker.Order(
            profile: profile,
            subject: profile.subject + [.init(.commonName, first)],
            alternativeNames: names.map { ServerName.alternativeName($0) },
            key: try library("ceremony.key") { () throws(OpenSSLError) in try SigningKey.generate(type) },
            locations: .all(self.addresses)
        )
        return try await self.maker.issueForService(order, use: "tls", by: party)
    }
}

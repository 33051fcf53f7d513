package import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

extension CeremonyService {
    /// What came of taking an answer in.
    package struct Taken: Sendable {
        package enum Outcome: String, Sendable {
            case imported
            /// It had been taken in before.
            case already
        }

        package let request: CeremonyRequest
        package let response: CeremonyResponse
        package let outcome: Outcome
        /// The new issuing authority; `nil` for CRLs alone.
        package var issuer: IssuedCertificate?
        /// Shards whose CRL was published.
        package var lists: [Int] = []
    }

    /// Stores a new issuer in its first state.
    package typealias Confirmation = (
        IssuerRecord, IssuedCertificate, IntentReceipt
    ) async throws(EnrollmentError) -> Void

    /// Reads an answer and compares it with what was asked, octet for octet; changes nothing.
    ///
    /// - Throws: ``EnrollmentError`` with code `messageFormat` or `authorization` that says what does not fit.
    package func examine(
        _ file: [UInt8]
    ) async throws(EnrollmentError) -> (record: CeremonyRecord, request: CeremonyRequest, response: CeremonyResponse) {
        let response = try CeremonyFile.response(in: file)
        let record = try await self.record(response.id)
        let request = try CeremonyRequest(octets: record.request)
        try response.verify(for: request)
        guard record.state != .withdrawn else {
            throw EnrollmentError(
                .authorization,
                "Ceremony \(record.id) was withdrawn; nothing of it is taken in.",
                rule: "ceremony.withdrawn"
            )
        }
        return (record, request, response)
    }

    /// Takes an answer in: the issuer, CRLs, and the end of the ceremony.
    ///
    /// What a crash left is done by running it again.
    ///
    /// - Parameters:
    ///   - file: The answer's file.
    ///   - act: Who, why.
    ///   - confirm: Stores the new issuer; asked only when it is not in the store yet.
    ///   - finish: What else has to be there before the ceremony ends, given what was asked and the issuer.
    /// - Returns: What was taken in.
    /// - Throws: As ``examine(_:)``; and when the store, `confirm` or `finish` did not do their part.
    package func take(
        _ file: [UInt8],
        act: AdministrativeAct,
        confirm: Confirmation,
        finish: (CeremonyRequest, IssuerRecord) async throws(EnrollmentError) -> Void = { _, _ in }
    ) async throws(EnrollmentError) -> Taken {
        let (record, request, response) = try await self.examine(file)
        guard record.state == .open else {
            return Taken(request: request, response: response, outcome: .already)
        }
        var taken = Taken(request: request, response: response, outcome: .imported)
        // CRLs first: a certificate that names one is not in the store before it is there.
        for (item, result) in zip(request.items, response.results) {
            guard case .list(let turn) = item.content else { continue }
            if try await self.publish(result, turn, of: request.rootID) { taken.lists.append(turn.shard) }
        }
        for (item, result) in zip(request.items, response.results) where item.content == .certificate {
            let issued = try Self.issued(item, result, by: request.rootID)
            let issuer = try self.issuer(record, request, issued)
            let present = try await self.ledger.issuers().first { $0.id == issuer.id }
            if let present {
                guard present.certificate == issuer.certificate else {
                    throw EnrollmentError(
                        .authorization,
                        "There is another issuer \(issuer.id) by now.",
                        rule: "rotation.id"
                    )
                }
            } else {
                try await confirm(issuer, issued, try Self.receipt(item, issued))
            }
            try await finish(request, issuer)
            taken.issuer = issued
        }
        guard try await self.ledger.closeCeremony(record.id, as: .imported, act: act) else {
            return Taken(request: request, response: response, outcome: .already)
        }
        return taken
    }

    /// The record of the new issuer, whose key has waited here and is its certificate's.
    private func issuer(
        _ record: CeremonyRecord,
        _ request: CeremonyRequest,
        _ issued: IssuedCertificate
    ) throws(EnrollmentError) -> IssuerRecord {
        let issuer = IssuerRecord(
            id: request.issuerID,
            role: .issuing,
            state: request.kind == .founding ? .active : .prepared,
            signedBy: request.rootID,
            certificate: issued.der,
            key: record.key,
            created: self.clock.now
        )
        _ = try SigningParty(id: issuer.id, key: try self.vault.key(of: issuer), certificate: issued.der)
        return issuer
    }

    private static func receipt(
        _ item: CeremonyItem,
        _ issued: IssuedCertificate
    ) throws(EnrollmentError) -> IntentReceipt {
        IntentReceipt(
            serialNumber: issued.serialNumber,
            toBeSignedDigest: try library("ceremony.digest") { () throws(OpenSSLError) in
                try Digest.sha256(item.toBeSigned)
            }
        )
    }

    private static func issued(
        _ item: CeremonyItem,
        _ der: [UInt8],
        by rootID: String
    ) throws(EnrollmentError) -> IssuedCertificate {
        let certificate = try CertificateReading.certificate(der, of: "the new issuer")
        guard let serial = SerialNumber(octets: certificate.serialNumber) else { throw CeremonyFieldReader.malformed }
        let begin = try CeremonyReading.seconds { () throws(X509Error) in try certificate.notBeforeSeconds() }
        let end = try CeremonyReading.seconds { () throws(X509Error) in try certificate.notAfterSeconds() }
        let (thumbprint, windows) = try library("ceremony.digest") { () throws(OpenSSLError) in
            (try Digest.sha256(der), try Digest.sha1(der))
        }
        return IssuedCertificate(
            serialNumber: serial,
            issuerID: rootID,
            der: der,
            thumbprint: thumbprint,
            windowsThumbprint: windows,
            validity: Validity(notBefore: Timestamp(seconds: begin), notAfter: Timestamp(seconds: end))
        )
    }

    /// Ends a ceremony whose answer is not wanted any more; its key is wiped.
    ///
    /// - Returns: `false` when it had ended before.
    package func withdraw(_ id: String, act: AdministrativeAct) async throws(EnrollmentError) -> Bool {
        let record = try await self.record(id)
        return try await self.ledger.closeCeremony(record.id, as: .withdrawn, act: act)
    }

    // MARK: An offline root's own certificate

    /// Puts a root that was made on an offline machine into the store, active.
    ///
    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `ceremony.root` for a certificate that is none of a
    ///   root, or breaks a rule of the lint.
    package func adopt(
        root der: [UInt8],
        id: String,
        profile: CertificateProfile
    ) async throws(EnrollmentError) -> IssuedCertificate {
        let certificate = try CertificateReading.certificate(der, of: id)
        let findings = CertificateLint.findings(in: der, context: LintContext(issuer: nil, issuerID: id))
        guard certificate.issuer == certificate.subject, certificate.isAuthority, findings.isEmpty,
            try CeremonyReading.verifies(
                certificate.signature,
                over: certificate.toBeSigned,
                by: certificate.publicKeyInfo
            )
        else {
            let why = findings.map(\.description).joined(separator: "; ")
            throw EnrollmentError(
                .authorization,
                "The certificate is not a sound one of a root\(why.isEmpty ? "" : ": \(why)").",
                rule: "ceremony.root"
            )
        }
        let item = CeremonyItem(.certificate, toBeSigned: certificate.toBeSigned)
        let issued = try Self.issued(item, der, by: id)
        let draft = CertificateDraft(
            profile: profile.name,
            serialNumber: issued.serialNumber,
            issuerID: id,
            subject: [],
            validity: issued.validity,
            publicKeyInfo: certificate.publicKeyInfo,
            role: profile.role,
            keyUsage: profile.keyUsage,
            purposes: profile.purposes,
            alternativeNames: []
        )
        let (digest, keyDigest) = try library("ceremony.digest") { () throws(OpenSSLError) in
            (try Digest.sha256(certificate.toBeSigned), try Digest.sha256(certificate.publicKeyInfo))
        }
        let prepared = PreparedCertificate(
            draft: draft,
            toBeSigned: certificate.toBeSigned,
            toBeSignedDigest: digest,
            keyDigest: keyDigest,
            subject: certificate.subjectText
        )
        let receipt = try await self.ledger.recordIntent(prepared, at: self.clock.now)
        let record = IssuerRecord(
            id: id,
            role: .root,
            state: .active,
            signedBy: id,
            certificate: der,
            key: .offline,
            created: self.clock.now
        )
        try await self.ledger.confirmIssuer(record, certificate: issued, receipt: receipt)
        return issued
    }
}

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
        /// Of the new issuing authority, or the link; `nil` for CRLs alone.
        package var certificate: IssuedCertificate?
        /// Shards whose CRL was published.
        package var lists: [Int] = []
        /// Shards for which there is a later CRL by now, which stays.
        package var overtaken: [Int] = []
    }

    /// What certificates are judged by, and made from, once there is an issuer.
    package struct Profiles: Sendable {
        /// Of what the new issuer is to sign, for its trial.
        package var device: CertificateProfile
        package var issuing: CertificateProfile
        /// Of the listeners' certificate of a new place.
        package var server: CertificateProfile

        package init(device: CertificateProfile, issuing: CertificateProfile, server: CertificateProfile) {
            self.device = device
            self.issuing = issuing
            self.server = server
        }
    }

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

    /// Takes an answer in: the issuer or link, CRLs, and the end of the ceremony.
    ///
    /// What a crash left is done by running it again.
    ///
    /// - Parameters:
    ///   - file: The answer's file.
    ///   - act: Who, why.
    ///   - profiles: What a new issuer is tried with.
    /// - Returns: What was taken in.
    /// - Throws: As ``examine(_:)``; with rule `ceremony.root-state` when the root is not to be relied on any more; and when
    ///   the store did not do its part.
    package func take(
        _ file: [UInt8],
        act: AdministrativeAct,
        profiles: Profiles
    ) async throws(EnrollmentError) -> Taken {
        let (record, request, response) = try await self.examine(file)
        guard record.state == .open else {
            return Taken(request: request, response: response, outcome: .already)
        }
        try await self.judgeRoots(of: request)
        var taken = Taken(request: request, response: response, outcome: .imported)
        // CRLs first: a certificate that names one is not in the store before it is there.
        for (item, result) in zip(request.items, response.results) {
            guard case .list(let turn) = item.content else { continue }
            if try await self.publish(result, turn, of: request.rootID) {
                taken.lists.append(turn.shard)
            } else {
                taken.overtaken.append(turn.shard)
            }
        }
        if request.kind == .crl, taken.lists.isEmpty {
            throw EnrollmentError(
                .authorization,
                "There are later CRLs than those of ceremony \(record.id), which stay; nothing was taken in. Withdraw it.",
                rule: "ceremony.overtaken"
            )
        }
        for (item, result) in zip(request.items, response.results) where item.content == .certificate {
            let issued = try IssuedCertificate(signed: result, by: request.rootID)
            let receipt = try Self.receipt(item, issued)
            switch request.kind {
            case .root: try await self.takeLink(request, issued, receipt)
            case .founding, .issuing, .crl:
                try await self.takeIssuer(record, request, (issued, receipt), profiles, by: act)
            }
            taken.certificate = issued
        }
        guard try await self.ledger.closeCeremony(record.id, as: .imported, act: act) else {
            return Taken(request: request, response: response, outcome: .already)
        }
        return taken
    }

    /// A root that was found to be bad, or has gone, since it was asked leads nowhere any more.
    private func judgeRoots(of request: CeremonyRequest) async throws(EnrollmentError) {
        let issuers = try await self.ledger.issuers()
        let concerned: [(id: String, states: Set<IssuerRecord.State>)] =
            switch request.kind {
            case .crl: []
            case .founding, .issuing: [(request.rootID, [.active])]
            case .root: [request.rootID, request.issuerID].map { ($0, Self.linkable) }
            }
        for (id, states) in concerned {
            let state = issuers.first { $0.id == id }?.state
            guard state.map(states.contains) ?? false else {
                throw EnrollmentError(
                    .authorization,
                    "Root \(id) is \(state?.rawValue ?? "unknown") by now, so nothing of ceremony \(request.id) is taken in."
                        + " Withdraw it.",
                    rule: "ceremony.root-state",
                    facts: [Fact("root", id)]
                )
            }
        }
    }

    private func takeIssuer(
        _ record: CeremonyRecord,
        _ request: CeremonyRequest,
        _ signed: (certificate: IssuedCertificate, receipt: IntentReceipt),
        _ profiles: Profiles,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) {
        let issuer = IssuerRecord(
            id: request.issuerID,
            role: .issuing,
            state: request.kind == .founding ? .active : .prepared,
            signedBy: request.rootID,
            certificate: signed.certificate.der,
            key: record.key,
            created: self.clock.now
        )
        if let present = try await self.ledger.issuers().first(where: { $0.id == issuer.id }) {
            guard present.certificate == issuer.certificate else {
                throw EnrollmentError(
                    .authorization,
                    "There is another issuer \(issuer.id) by now.",
                    rule: "rotation.id"
                )
            }
        } else {
            // The key that has waited here is the certificate's, and what it signs keeps every rule.
            let trial = IssuerTrial(
                maker: self.maker,
                device: profiles.device,
                issuing: profiles.issuing,
                addresses: self.addresses
            )
            try await trial.run(
                issuer.id,
                as: issuer.role,
                key: try self.vault.key(of: issuer),
                certificate: issuer.certificate,
                answersOCSP: true
            )
            let (certificate, receipt) = signed
            switch request.kind {
            case .founding:
                try await self.ledger.confirmIssuer(issuer, certificate: certificate, receipt: receipt)
            case .issuing, .root, .crl:
                try await self.ledger.confirmPrepared(issuer, certificate: certificate, receipt: receipt, act: act)
            }
        }
        guard request.kind == .founding else { return }
        try await self.issueServerCertificate(for: request, by: issuer, profile: profiles.server)
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

    // MARK: An offline root's own certificate

    /// Puts the root of a new place, which was made on an offline machine, into the store, active.
    ///
    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `ceremony.root` for a certificate that is none of a
    ///   root, or breaks a rule of the lint.
    package func adopt(
        root der: [UInt8],
        id: String,
        profile: CertificateProfile
    ) async throws(EnrollmentError) -> IssuedCertificate {
        let root = try OfflineRootCertificate(der, id: id, profile: profile)
        let receipt = try await self.ledger.recordIntent(root.prepared, at: self.clock.now)
        let record = root.record(.active, created: self.clock.now)
        try await self.ledger.confirmIssuer(record, certificate: root.issued, receipt: receipt)
        return root.issued
    }
}

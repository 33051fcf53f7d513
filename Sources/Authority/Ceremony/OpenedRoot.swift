package import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// An offline root with its key at hand, for the time of a ceremony: judges requests, and signs them.
package struct OpenedRoot: Sendable {
    let party: SigningParty

    init(party: SigningParty) {
        self.party = party
    }

    /// Whether the request may be signed: asked by somebody with the key, for this root, within its limits, and every
    /// rule of the lint kept.
    ///
    /// - Throws: ``EnrollmentError`` with code `authorization` that says what is wrong; nothing has been signed.
    package func judge(_ request: CeremonyRequest) throws(EnrollmentError) {
        guard request.root == self.party.certificate?.der else {
            throw Self.refusal("ceremony.other-root", "The request is for another root than this one.")
        }
        guard request.rootID == self.party.id else {
            throw Self.refusal(
                "ceremony.other-root",
                "The request calls this root \(request.rootID), and here it is \(self.party.id)."
            )
        }
        let certificates = request.items.filter { $0.content == .certificate }.count
        let wanted = request.kind == .crl ? 0 : 1
        guard certificates == wanted, !request.items.isEmpty else {
            throw Self.refusal("ceremony.items", "The request does not ask for what its kind says.")
        }
        try request.verifyVouchers()
        for item in request.items {
            switch item.content {
            case .certificate: try self.judge(certificate: item.toBeSigned)
            case .list(let turn): try self.judge(list: item.toBeSigned, turn)
            }
        }
    }

    /// Signs what ``judge(_:)`` lets pass.
    package func sign(
        _ request: CeremonyRequest,
        actor: String,
        now: Timestamp
    ) async throws(EnrollmentError) -> CeremonyResponse {
        try self.judge(request)
        var results: [[UInt8]] = []
        for item in request.items {
            let signature = try await self.party.key.sign(item.toBeSigned)
            results.append(try self.assemble(item, signature))
        }
        let response = try await CeremonyResponse(
            id: request.id,
            requestDigest: try request.digest(),
            rootID: self.party.id,
            signedAt: now,
            actor: actor,
            results: results,
            by: self.party.key
        )
        // As whoever takes it in will.
        try response.verify(for: request)
        return response
    }

    // MARK: Limits

    private func judge(certificate octets: [UInt8]) throws(EnrollmentError) {
        guard let root = self.party.certificate else { throw CeremonyFieldReader.malformed }
        let certificate = try CeremonyReading.certificate(octets)
        guard certificate.issuer == root.subject, certificate.subject != root.subject,
            certificate.publicKeyInfo != root.publicKeyInfo
        else { throw Self.refusal("ceremony.name", "The certificate is not one of another authority by this root.") }
        let (end, rootEnd) = (
            try CeremonyReading.seconds { () throws(X509Error) in try certificate.notAfterSeconds() },
            try CeremonyReading.seconds { () throws(X509Error) in try root.notAfterSeconds() }
        )
        guard end <= rootEnd else {
            throw Self.refusal("ceremony.outlives", "The certificate would end after its root.")
        }
        do throws(X509Error) {
            let (own, limit) = (try certificate.pathLength(), try root.pathLength())
            guard certificate.isAuthority, limit.map({ limit in own.map { $0 < limit } ?? false }) ?? true else {
                throw X509Error("more authorities could follow below it than this root allows")
            }
        } catch {
            throw Self.refusal("ceremony.path-length", "The certificate cannot be below this root: \(error).")
        }
        let trial = try self.assemble(CeremonyItem(.certificate, toBeSigned: octets), self.trialSignature(octets))
        let context = LintContext(issuer: root, issuerID: self.party.id)
        try Self.require(CertificateLint.findings(in: trial, context: context))
    }

    private func judge(list octets: [UInt8], _ turn: CeremonyItem.ListTurn) throws(EnrollmentError) {
        guard let root = self.party.certificate else { throw CeremonyFieldReader.malformed }
        let item = CeremonyItem(.list(turn), toBeSigned: octets)
        let trial = try self.assemble(item, self.trialSignature(octets))
        do throws(X509Error) {
            let list = try CertificateRevocationList(der: trial)
            guard list.issuer == root.subject, try list.ownNumber() == turn.number,
                try list.thisUpdateSeconds() == turn.thisUpdate, try list.nextUpdateSeconds() == turn.nextUpdate,
                Int64(try list.entries.count()) == turn.entryCount
            else { throw X509Error("it does not say what the request says of it") }
            let point = turn.distributionPoint
            let findings = RevocationListLint.findings(in: list, issuer: root, distributionPoint: point)
            if let first = findings.first { throw X509Error(first.description) }
        } catch {
            throw Self.refusal("ceremony.crl", "A CRL cannot be signed as it is: \(error).")
        }
    }

    private static func require(_ findings: [LintFinding]) throws(EnrollmentError) {
        guard let first = findings.first else { return }
        throw EnrollmentError(
            .authorization,
            "The certificate would break \(findings.count) rules: "
                + findings.map(\.description).joined(separator: "; ") + ".",
            rule: "lint.\(first.rule)",
            facts: findings.map { Fact($0.rule, $0.message) }
        )
    }

    // MARK: Octets

    private func trialSignature(_ octets: [UInt8]) throws(EnrollmentError) -> [UInt8] {
        try library("ceremony.trial") { () throws(OpenSSLError) in try self.party.trialKey.sign(octets) }
    }

    private func assemble(_ item: CeremonyItem, _ signature: [UInt8]) throws(EnrollmentError) -> [UInt8] {
        do throws(X509Error) {
            let scheme = self.party.scheme
            return switch item.content {
            case .certificate:
                try CertificateBody.certificate(toBeSigned: item.toBeSigned, scheme: scheme, signature: signature)
            case .list:
                try RevocationListWriter.list(toBeSigned: item.toBeSigned, scheme: scheme, signature: signature)
            }
        } catch {
            throw CeremonyReading.unreadable("item", error)
        }
    }

    private static func refusal(_ rule: String, _ sentence: String) -> EnrollmentError {
        EnrollmentError(.authorization, "\(sentence) Nothing was signed.", rule: rule)
    }
}

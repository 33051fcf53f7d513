package import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

extension SeenCRL {
    /// Reads a CRL and makes sure that one of these issuers signed it: anybody can send a file.
    ///
    /// - Parameters:
    ///   - der: The CRL.
    ///   - issuers: Who may have signed it.
    /// - Throws: ``EnrollmentError`` with rule `seen-crl` for what is none, or none of theirs.
    package init(reading der: [UInt8], by issuers: [IssuerRecord]) throws(EnrollmentError) {
        let list = try encoding("seen-crl", "It cannot be read as a CRL") { () throws(X509Error) in
            try CertificateRevocationList(der: der)
        }
        let issuer = try Self.issuer(of: list, among: issuers)
        let facts = try encoding("seen-crl", "It cannot be read as a CRL") { () throws(X509Error) in
            (
                shard: try Self.shard(of: list, issuer.id), number: try list.ownNumber(),
                thisUpdate: try list.thisUpdateSeconds(), entries: try Self.entries(of: list),
                nextUpdate: try list.nextUpdateSeconds()
            )
        }
        guard let shard = facts.shard, let number = facts.number else {
            throw .seenCRL("It does not say which of the issuer's CRLs it is, or has no number.")
        }
        self.init(
            shard: shard,
            number: number,
            thisUpdate: Timestamp(seconds: facts.thisUpdate),
            entries: facts.entries,
            document: try facts.nextUpdate.map { (end) throws(EnrollmentError) in
                try library("seen-crl") { () throws(OpenSSLError) in
                    Document(
                        der: der,
                        thumbprint: try Digest.sha256(der),
                        toBeSignedDigest: try Digest.sha256(Array(list.toBeSigned)),
                        nextUpdate: Timestamp(seconds: end)
                    )
                }
            }
        )
    }

    private static func issuer(
        of list: CertificateRevocationList,
        among issuers: [IssuerRecord]
    ) throws(EnrollmentError) -> IssuerRecord {
        for issuer in issuers {
            // One that cannot be read signed nothing that could be checked here.
            guard let certificate = try? Certificate(der: issuer.certificate), certificate.subject == list.issuer,
                let key = try? certificate.subjectKey(), let scheme = try? list.scheme()
            else { continue }
            let isSigned = try library("seen-crl") { () throws(OpenSSLError) in
                try VerifyingKey(key.key)
                    .verifies(list.signature, over: Array(list.toBeSigned), with: SignatureAlgorithm(scheme))
            }
            if isSigned { return issuer }
        }
        throw .seenCRL("None of the backup's issuers has signed it.")
    }

    /// From the name of the distribution point, `…/pki/crl/{issuer}/{shard}.crl`.
    private static func shard(of list: CertificateRevocationList, _ issuer: String) throws(X509Error) -> CRLShard? {
        for url in try list.distributionPointURLs() ?? [] {
            let parts = url.split(separator: "/")
            guard parts.count > 1, parts[parts.count - 2] == issuer, parts[parts.count - 1].hasSuffix(".crl"),
                let number = Int(parts[parts.count - 1].dropLast(4))
            else { continue }
            return CRLShard(issuerID: issuer, number: number)
        }
        return nil
    }

    private static func entries(of list: CertificateRevocationList) throws(X509Error) -> [Entry] {
        var entries: [Entry] = []
        var reader = list.entries.reader()
        while let entry = try reader.next() {
            guard let serial = SerialNumber(octets: Array(entry.serialNumber)) else { continue }
            let reason = entry.reason.flatMap { RevocationReason(rawValue: Int($0)) } ?? .unspecified
            entries.append(Entry(serialNumber: serial, reason: reason))
        }
        return entries
    }
}

extension EnrollmentError {
    fileprivate static func seenCRL(_ detail: String) -> EnrollmentError {
        EnrollmentError(.internalService, detail, rule: "seen-crl")
    }
}

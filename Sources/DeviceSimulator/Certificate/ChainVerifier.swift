internal import OpenSSLKit
internal import Synchronization

/// Follows a certificate to a root that the document delivered (RFC 5280 § 6.1).
final class ChainVerifier: Sendable {
    /// Keys decoded already: every device of a load run meets the same few issuers.
    private let keys = Mutex<[[UInt8]: VerifyingKey]>([:])

    /// - Parameters:
    ///   - leaf: What is to be trusted.
    ///   - intermediates: DER of certificates that may stand between.
    ///   - roots: DER of certificates that are trusted.
    ///   - now: Seconds since 1970.
    ///   - judge: The step in which they came.
    /// - Returns: The certificates from the leaf's issuer to the root.
    /// - Throws: ``Deviation`` when no chain holds.
    func verify(
        _ leaf: IssuedCertificate,
        intermediates: [[UInt8]],
        roots: [[UInt8]],
        now: Int64,
        _ judge: Judge
    ) throws(Deviation) -> [IssuedCertificate] {
        let anchors = try self.read(roots, judge)
        let between = try self.read(intermediates, judge)
        var chain: [IssuedCertificate] = []
        var current = leaf
        while chain.count < 8 {
            if let anchor = anchors.first(where: { $0.subject.der == current.issuer }) {
                try self.check(current, issuedBy: anchor, now: now, judge)
                return chain + [anchor]
            }
            guard let issuer = between.first(where: { $0.subject.der == current.issuer && !chain.contains($0) }) else {
                break
            }
            try self.check(current, issuedBy: issuer, now: now, judge)
            chain.append(issuer)
            current = issuer
        }
        throw Deviation(
            judge.step,
            .chain,
            expected: "a chain to a certificate in Root/System",
            found: "\(chain.count + 1) certificates and no issuer for \(current.subject.text)"
        )
    }

    private func read(_ list: [[UInt8]], _ judge: Judge) throws(Deviation) -> [IssuedCertificate] {
        var result: [IssuedCertificate] = []
        for der in list {
            do throws(IssuedCertificate.Unreadable) {
                result.append(try IssuedCertificate(der: der))
            } catch {
                throw Deviation(judge.step, .certificateForm, expected: "certificates only", found: error.description)
            }
        }
        return result
    }

    private func check(
        _ certificate: IssuedCertificate,
        issuedBy issuer: IssuedCertificate,
        now: Int64,
        _ judge: Judge
    ) throws(Deviation) {
        let name = issuer.subject.text
        try judge.require(issuer.extensions.isAuthority, .chain, "CA:TRUE in \(name)", found: "an end entity")
        try judge.require(issuer.validity.contains(now), .chain, "\(name) to be valid now", found: "\(issuer.validity)")
        try judge.require(
            issuer.extensions.allowsClientAuthentication,
            .chain,
            "\(name) to allow client authentication",
            found: issuer.extensions.purposes?.joined(separator: ", ") ?? ""
        )
        let algorithm = try judge.unwrap(
            Self.algorithms[certificate.signatureAlgorithm],
            .chain,
            "a signature algorithm that Windows knows",
            found: certificate.signatureAlgorithm
        )
        var isGood = false
        do throws(OpenSSLError) {
            isGood = try self.key(issuer.publicKeyInfo)
                .verifies(certificate.signature, over: certificate.body, with: algorithm)
        } catch {
            throw Deviation(judge.step, .chain, expected: "a usable key in \(name)", found: "\(error)")
        }
        try judge.require(isGood, .chain, "a signature by the key of \(name)", found: "another's")
    }

    private func key(_ info: [UInt8]) throws(OpenSSLError) -> VerifyingKey {
        if let key = self.keys.withLock({ $0[info] }) { return key }
        let key = try VerifyingKey(publicKeyInfo: info)
        self.keys.withLock { $0[info] = key }
        return key
    }

    private static let algorithms: [String: SignatureAlgorithm] = [
        "1.2.840.113549.1.1.11": .rsaPKCS1(.sha256), "1.2.840.113549.1.1.12": .rsaPKCS1(.sha384),
        "1.2.840.113549.1.1.13": .rsaPKCS1(.sha512), "1.2.840.10045.4.3.2": .ecdsa(.sha256),
        "1.2.840.10045.4.3.3": .ecdsa(.sha384), "1.2.840.10045.4.3.4": .ecdsa(.sha512), "1.3.101.112": .ed25519,
    ]
}

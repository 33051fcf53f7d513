import EnrollmentCore

/// One certificate on the screen.
enum CertificateReport {
    static func text(_ certificate: CertificateRecord, _ revocation: Revocation?) -> String {
        var lines = ["\(certificate.serialNumber)  \(certificate.state.rawValue)"]
        lines.append("  subject       \(Table.printable(certificate.subject))")
        lines.append("  issuer        \(certificate.issuerID), profile \(certificate.profile)")
        if let device = certificate.device { lines.append("  device        \(device)") }
        lines.append("  valid         \(certificate.notBefore) to \(certificate.notAfter)")
        lines.append("  recorded      \(certificate.recorded)")
        lines.append("  signed part   SHA-256 \(Hexadecimal.encode(certificate.toBeSignedDigest))")
        lines.append("  key           SHA-256 \(Hexadecimal.encode(certificate.keyDigest))")
        let thumbprint = certificate.thumbprint.map { "SHA-256 \(Hexadecimal.encode($0))" }
        lines.append("  certificate   \(thumbprint ?? "none was stored: treat it as issued until it is closed")")
        if let predecessor = certificate.predecessor { lines.append("  renewed from  \(predecessor)") }
        if let seen = certificate.seen { lines.append("  first seen    \(seen)") }
        if let after = certificate.supersedeAfter { lines.append("  superseded    at the latest \(after)") }
        if let shard = certificate.crlShard { lines.append("  CRL           \(certificate.issuerID)/\(shard)") }
        if let revocation {
            lines.append("  revoked       \(revocation.revoked), \(revocation.reason.name)")
        }
        if let reason = certificate.reason { lines.append("  reason        \(Table.printable(reason))") }
        return lines.joined(separator: "\n") + "\n"
    }

    static func text(_ proof: CertificateProof) -> String {
        var lines = ["\(proof.serialNumber)  pruned"]
        lines.append("  issuer        \(proof.issuerID)")
        lines.append("  ended         \(proof.notAfter)")
        lines.append("  certificate   SHA-256 \(Hexadecimal.encode(proof.digest))")
        if let revocation = proof.revocation {
            lines.append("  revoked       \(revocation.revoked), \(revocation.reason.name)")
        }
        lines.append("  pruned        \(proof.pruned); this is what retention keeps")
        return lines.joined(separator: "\n") + "\n"
    }
}

extension CertificateProof {
    var json: JSONValue {
        .object([
            ("schema", .string("gatehouse.cert-proof/1")), ("serialNumber", .string("\(self.serialNumber)")),
            ("issuer", .string(self.issuerID)), ("sha256", .string(Hexadecimal.encode(self.digest))),
            ("notAfter", .time(self.notAfter)), ("pruned", .time(self.pruned)),
            ("revocation", self.revocation?.json ?? .null),
        ])
    }
}

extension CertificateRecord {
    var json: JSONValue {
        .object([
            ("serialNumber", .string("\(self.serialNumber)")), ("issuer", .string(self.issuerID)),
            ("state", .string(self.state.rawValue)), ("profile", .string(self.profile)),
            ("device", .optional(self.device.map { "\($0)" })), ("subject", .string(self.subject)),
            ("notBefore", .time(self.notBefore)), ("notAfter", .time(self.notAfter)),
            ("recorded", .time(self.recorded)),
            ("toBeSignedSha256", .string(Hexadecimal.encode(self.toBeSignedDigest))),
            ("keySha256", .string(Hexadecimal.encode(self.keyDigest))),
            ("sha256", .optional(self.thumbprint.map { Hexadecimal.encode($0) })), ("reason", .optional(self.reason)),
            ("crlShard", self.crlShard.map { .integer(Int64($0)) } ?? .null),
            ("predecessor", .optional(self.predecessor.map { "\($0)" })), ("seen", .time(self.seen)),
            ("supersedeAfter", .time(self.supersedeAfter)),
            ("pem", .optional(self.der.map { PEM.encode($0, label: "CERTIFICATE") })),
        ])
    }
}

import EnrollmentCore

/// One certificate on the screen.
enum CertificateReport {
    static func text(_ certificate: CertificateRecord) -> String {
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
        if let reason = certificate.reason { lines.append("  reason        \(Table.printable(reason))") }
        return lines.joined(separator: "\n") + "\n"
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
            ("pem", .optional(self.der.map { PEM.encode($0, label: "CERTIFICATE") })),
        ])
    }
}

/// Textual encoding (RFC 7468).
enum PEM {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ der: [UInt8], label: String) -> String {
        var text = "-----BEGIN \(label)-----\n"
        for line in stride(from: 0, to: der.count, by: 48) {
            text += String(decoding: self.base64(der[line..<min(line + 48, der.count)]), as: UTF8.self) + "\n"
        }
        return text + "-----END \(label)-----\n"
    }

    private static func base64(_ octets: ArraySlice<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        var rest = octets
        while !rest.isEmpty {
            let group = Array(rest.prefix(3))
            rest = rest.dropFirst(3)
            let bits = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
            for position in 0..<4 {
                text.append(position <= group.count ? self.alphabet[bits >> (18 - 6 * position) & 63] : 61)
            }
        }
        return text
    }
}

/// DER as text between two lines (RFC 7468).
enum PEM {
    static func text(_ label: String, _ der: [UInt8]) -> String {
        let lines = Base64.encode(der, lineLength: 64).split(separator: "\r\n").joined(separator: "\n")
        return "-----BEGIN \(label)-----\n\(lines)\n-----END \(label)-----\n"
    }
}

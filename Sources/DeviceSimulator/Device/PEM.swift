/// DER as text between two lines (RFC 7468).
enum PEM {
    static func text(_ label: String, _ der: [UInt8]) -> String {
        let lines = Base64.encode(der, lineLength: 64).split(separator: "\r\n").joined(separator: "\n")
        return "-----BEGIN \(label)-----\n\(lines)\n-----END \(label)-----\n"
    }

    /// What stands between the lines of each block named `label`, in order.
    ///
    /// - Returns: `nil` when a block has no end or is not base64.
    static func blocks(_ label: String, in octets: [UInt8]) -> [[UInt8]]? {
        var blocks: [[UInt8]] = []
        var body: [UInt8]?
        for line in octets.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
            if line.elementsEqual("-----BEGIN \(label)-----".utf8) {
                guard body == nil else { return nil }
                body = []
            } else if line.elementsEqual("-----END \(label)-----".utf8) {
                guard let block = body.flatMap({ Base64.decodeSpaced($0) }) else { return nil }
                blocks.append(block)
                body = nil
            } else {
                body?.append(contentsOf: line)
            }
        }
        return body == nil ? blocks : nil
    }
}

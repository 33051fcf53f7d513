import Foundation

/// PEM (RFC 7468) as the `openssl` command prints it between other words.
enum PEMText {
    /// The octets of the first block; `nil` when there is none.
    static func contents(of text: String) -> [UInt8]? {
        var lines: [Substring] = []
        var isInside = false
        for line in text.split(separator: "\n") {
            if line.hasPrefix("-----END ") { return Data(base64Encoded: lines.joined()).map { Array($0) } }
            if isInside { lines.append(line) }
            if line.hasPrefix("-----BEGIN ") { isInside = true }
        }
        return nil
    }
}

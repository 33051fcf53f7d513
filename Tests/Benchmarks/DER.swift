/// The few DER forms that a benchmark's certificate requests are made of (X.690).
enum DER {
    static let sequence: UInt8 = 0x30
    static let integer: UInt8 = 0x02
    static let bitString: UInt8 = 0x03
    static let utf8String: UInt8 = 0x0C
    static let set: UInt8 = 0x31
    static let attributes: UInt8 = 0xA0
    static let commonName: [UInt8] = [0x06, 0x03, 0x55, 0x04, 0x03]
    /// `AlgorithmIdentifier` of ecdsa-with-SHA256 (RFC 5758 § 3.2).
    static let ecdsaWithSHA256: [UInt8] = [0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]

    static func value(_ tag: UInt8, _ parts: [UInt8]...) -> [UInt8] {
        let content = Array(parts.joined())
        precondition(content.count < 0x10000, "a certificate request has less than 64 KiB")
        switch content.count {
        case ..<0x80: return [tag, UInt8(content.count)] + content
        case ..<0x100: return [tag, 0x81, UInt8(content.count)] + content
        default: return [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
        }
    }
}

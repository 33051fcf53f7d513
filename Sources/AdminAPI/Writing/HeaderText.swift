/// Text of any kind in a header field (RFC 9110 § 5.5).
enum HeaderText {
    /// Visible ASCII stays as it is; everything else, and `%`, is percent-encoded as UTF-8 (RFC 3986 § 2.1).
    static func encode(_ text: String) -> String {
        if text.utf8.allSatisfy(self.isPlain) { return text }
        var encoded: [UInt8] = []
        for octet in text.utf8 {
            if self.isPlain(octet) {
                encoded.append(octet)
            } else {
                encoded.append(UInt8(ascii: "%"))
                encoded.append(self.digits[Int(octet >> 4)])
                encoded.append(self.digits[Int(octet & 15)])
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    fileprivate static let digits = Array("0123456789ABCDEF".utf8)

    private static func isPlain(_ octet: UInt8) -> Bool {
        (0x21...0x7e).contains(octet) && octet != UInt8(ascii: "%")
    }
}

extension HeaderText {
    /// A parameter's value in a query: unreserved characters stay (RFC 3986 § 2.3).
    static func queryValue(_ text: String) -> String {
        var encoded: [UInt8] = []
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.append(octet)
            default:
                encoded += [UInt8(ascii: "%"), self.digits[Int(octet >> 4)], self.digits[Int(octet & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}

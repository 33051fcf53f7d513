/// What a request asks for: the path, decoded once and for all, and the query as sent (RFC 9112 § 3.2).
///
/// Strict, since whatever two readers understand differently is a way around the stricter of them: encoded backslashes,
/// NUL and control characters, dot segments in any spelling and fragments are refused, not cleaned up. Encoded slashes are
/// refused by the ``Router``, save where a route takes them.
struct RequestTarget: Hashable, Sendable {
    let path: String
    let query: String?
    /// Where in ``path``, in octets, the first slash is that came encoded; `nil` when none did.
    let firstEncodedSlash: Int?

    /// Reads origin-form (`/path?query`) and absolute-form (`http://host/path?query`, whose host is checked, not used).
    init(_ octets: ArraySlice<UInt8>) throws(RequestRefusal) {
        var rest = octets
        if rest.first != UInt8(ascii: "/") { rest = try Self.afterAuthority(octets) }
        let mark = rest.firstIndex(of: UInt8(ascii: "?"))
        (self.path, self.firstEncodedSlash) = try Self.decode(rest[..<(mark ?? rest.endIndex)])
        if let mark {
            let query = rest[(mark + 1)...]
            guard query.allSatisfy(Self.isVisible) else {
                throw .bad("the query holds an octet that has to be encoded")
            }
            self.query = String(decoding: query, as: UTF8.self)
        } else {
            self.query = nil
        }
    }

    private static func isVisible(_ octet: UInt8) -> Bool {
        octet > 0x20 && octet < 0x7F && octet != UInt8(ascii: "#")
    }

    private static func afterAuthority(_ octets: ArraySlice<UInt8>) throws(RequestRefusal) -> ArraySlice<UInt8> {
        for scheme in ["http://", "https://"] as [StaticString]
        where ASCII.equals(octets.prefix(scheme.utf8CodeUnitCount), scheme) {
            let rest = octets.dropFirst(scheme.utf8CodeUnitCount)
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            guard HostField.isValid(rest[..<end]) else { throw .bad("the request target names no valid host") }
            // An empty path is the root (RFC 9110 § 4.2.3), which no route of this service is.
            guard end < rest.endIndex, rest[end] == UInt8(ascii: "/") else {
                throw .bad("the request target has no path")
            }
            return rest[end...]
        }
        throw .bad("the request target is neither a path nor an http address")
    }

    private static func decode(
        _ octets: ArraySlice<UInt8>
    ) throws(RequestRefusal) -> (path: String, firstEncodedSlash: Int?) {
        var decoded: [UInt8] = []
        var firstEncodedSlash: Int?
        decoded.reserveCapacity(octets.count)
        var position = octets.startIndex
        while position < octets.endIndex {
            var octet = octets[position]
            guard self.isVisible(octet), octet != UInt8(ascii: "\\") else {
                throw .bad("the path holds an octet that has to be encoded")
            }
            if octet == UInt8(ascii: "%") {
                guard position + 2 < octets.endIndex, let high = ASCII.hexValue(octets[position + 1]),
                    let low = ASCII.hexValue(octets[position + 2])
                else { throw .bad("the path holds a broken percent-encoding") }
                octet = high << 4 | low
                guard octet != UInt8(ascii: "\\"), octet > 0x1F, octet != 0x7F else {
                    throw .bad("the path holds an encoded separator or control character")
                }
                if octet == UInt8(ascii: "/"), firstEncodedSlash == nil { firstEncodedSlash = decoded.count }
                position += 2
            }
            decoded.append(octet)
            position += 1
        }
        try self.refuseDotSegments(decoded)
        guard let path = String(validating: decoded, as: UTF8.self) else { throw .bad("the path is not UTF-8") }
        return (path, firstEncodedSlash)
    }

    private static func refuseDotSegments(_ path: [UInt8]) throws(RequestRefusal) {
        let dot = UInt8(ascii: ".")
        var start = 0
        for position in 0...path.count where position == path.count || path[position] == UInt8(ascii: "/") {
            let length = position - start
            if length == 1 || length == 2, path[start..<position].allSatisfy({ $0 == dot }) {
                throw .bad("the path holds a dot segment")
            }
            start = position + 1
        }
    }
}

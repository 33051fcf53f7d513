/// Turns the lines of a head into a ``RequestHead``, or says what is wrong with them.
///
/// Its strictness about length is the defense against request smuggling: one `Content-Length` of digits alone, or no
/// body. `Transfer-Encoding` is never decoded. Well-formed chunked framing is told 411, which asks for a length (RFC
/// 9112 § 6.3); any other coding, and any coding beside a length or from an HTTP/1.0 client, is 400.
struct RequestHeadParser {
    private let octets: [UInt8]
    private let limits: HTTPLimits

    private var fields: [HTTPHeaders.Field] = []
    private var hosts = 0
    private var length: Int?
    private var coding: Range<Int>?
    private var expectsContinue = false
    private var closes = false

    /// - Parameters:
    ///   - octets: The head with its line ends.
    ///   - lines: Where its lines are, without line ends, the request line first and the empty one left out.
    ///   - limits: Of which the number of fields and the length of the body apply here.
    /// - Returns: The head, whose existence says that the message's length is beyond doubt.
    /// - Throws: ``RequestRefusal`` for the first rule broken.
    static func parse(
        _ octets: [UInt8],
        lines: [Range<Int>],
        limits: HTTPLimits
    ) throws(RequestRefusal) -> RequestHead {
        var parser = RequestHeadParser(octets: octets, limits: limits)
        return try parser.parse(lines)
    }

    private init(octets: [UInt8], limits: HTTPLimits) {
        self.octets = octets
        self.limits = limits
    }

    private mutating func parse(_ lines: [Range<Int>]) throws(RequestRefusal) -> RequestHead {
        guard let first = lines.first else { throw .bad("there is no request line") }
        let (method, target, minor) = try self.requestLine(first)
        guard lines.count - 1 <= self.limits.headerFields else {
            throw RequestRefusal(431, "there are too many header fields")
        }
        self.fields.reserveCapacity(lines.count - 1)
        for line in lines.dropFirst() { try self.field(line) }

        if self.hosts == 0, minor > 0 { throw .bad("the Host field is missing") }
        if let coding = self.coding { throw self.refusal(ofCoding: coding, minor: minor) }
        if self.length == nil, method.bringsBody {
            throw RequestRefusal(411, "a \(method.rawValue) has to state its length")
        }
        let length = self.length ?? 0
        guard length <= self.limits.bodyOctets else { throw RequestRefusal(413, "the body is too large") }
        return RequestHead(
            method: method,
            path: target.path,
            query: target.query,
            firstEncodedSlash: target.firstEncodedSlash,
            headers: HTTPHeaders(octets: self.octets, fields: self.fields),
            bodyLength: length,
            expectsContinue: self.expectsContinue && minor > 0 && length > 0,
            // HTTP/1.0 has to ask for persistence, and nobody who speaks it here needs it.
            keepsAlive: minor > 0 && !self.closes
        )
    }

    private func requestLine(_ line: Range<Int>) throws(RequestRefusal) -> (HTTPMethod, RequestTarget, minor: Int) {
        let parts = self.octets[line].split(separator: ASCII.space, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .bad("the request line does not have three parts") }
        guard !parts[0].isEmpty, parts[0].allSatisfy(ASCII.isToken) else { throw .bad("the method is not a token") }
        let minor = try Self.minorVersion(parts[2])
        let method = HTTPMethod(rawValue: String(decoding: parts[0], as: UTF8.self))
        return (method, try RequestTarget(parts[1]), minor)
    }

    private static func minorVersion(_ octets: ArraySlice<UInt8>) throws(RequestRefusal) -> Int {
        guard octets.count == 8, octets.starts(with: "HTTP/".utf8),
            ASCII.isDigit(octets[octets.startIndex + 5]), octets[octets.startIndex + 6] == UInt8(ascii: "."),
            ASCII.isDigit(octets[octets.startIndex + 7])
        else { throw .bad("the version is malformed") }
        let minor = Int(octets[octets.startIndex + 7] - 0x30)
        guard octets[octets.startIndex + 5] == UInt8(ascii: "1"), minor <= 1 else {
            throw RequestRefusal(505, "that version of HTTP is not spoken here")
        }
        return minor
    }

    private mutating func field(_ line: Range<Int>) throws(RequestRefusal) {
        guard !ASCII.isBlank(self.octets[line.lowerBound]) else { throw .bad("a header field is folded over lines") }
        guard let colon = self.octets[line].firstIndex(of: ASCII.colon) else {
            throw .bad("a header field has no colon")
        }
        let name = line.lowerBound..<colon
        guard !name.isEmpty, self.octets[name].allSatisfy(ASCII.isToken) else {
            throw .bad("a header field's name is not a token")
        }
        let value = ASCII.trimmed(self.octets, (colon + 1)..<line.upperBound)
        self.fields.append(HTTPHeaders.Field(name: name, value: value))
        // Only the lengths of names that matter to framing; other fields are not looked at further.
        switch name.count {
        case 4 where ASCII.equals(self.octets[name], "host"):
            self.hosts += 1
            guard self.hosts == 1 else { throw .bad("there is more than one Host field") }
            guard HostField.isValid(self.octets[value]) else { throw .bad("the Host field is malformed") }
        case 6 where ASCII.equals(self.octets[name], "expect"):
            guard ASCII.equals(self.octets[value], "100-continue") else {
                throw RequestRefusal(417, "the only expectation met here is 100-continue")
            }
            self.expectsContinue = true
        case 10 where ASCII.equals(self.octets[name], "connection"):
            if ASCII.members(self.octets, value).contains(where: { ASCII.equals($0, "close") }) { self.closes = true }
        case 14 where ASCII.equals(self.octets[name], "content-length"):
            guard self.length == nil else { throw .bad("there is more than one Content-Length") }
            self.length = try self.number(value)
        case 17 where ASCII.equals(self.octets[name], "transfer-encoding"):
            guard self.coding == nil else { throw .bad("there is more than one Transfer-Encoding") }
            self.coding = value
        default:
            break
        }
    }

    private func number(_ range: Range<Int>) throws(RequestRefusal) -> Int {
        guard !range.isEmpty, self.octets[range].allSatisfy(ASCII.isDigit) else {
            throw .bad("the Content-Length is not a number")
        }
        var number = 0
        for octet in self.octets[range] {
            let (scaled, overflow) = number.multipliedReportingOverflow(by: 10)
            let (next, carry) = scaled.addingReportingOverflow(Int(octet - 0x30))
            // A true number, merely beyond anything: too large rather than malformed.
            guard !overflow, !carry else { return Int.max }
            number = next
        }
        return number
    }

    private func refusal(ofCoding range: Range<Int>, minor: Int) -> RequestRefusal {
        if self.length != nil { return .bad("there are both a Content-Length and a Transfer-Encoding") }
        if minor == 0 { return .bad("HTTP/1.0 has no Transfer-Encoding") }
        guard ASCII.equals(self.octets[range], "chunked") else {
            return .bad("the Transfer-Encoding is not understood")
        }
        return RequestRefusal(411, "chunked bodies are not taken; state the length")
    }
}

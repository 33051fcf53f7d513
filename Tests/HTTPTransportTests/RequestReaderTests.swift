import HTTPTransport
import Testing

@Suite("Request reader")
struct RequestReaderTests {
    /// What a reader makes of octets: the requests in order, and the refusal that ended it, if any.
    struct Reading: Equatable {
        var requests: [Request] = []
        var refusal: Int?
    }

    struct Request: Equatable {
        var method: String
        var path: String
        var query: String?
        var body: String
        var keepsAlive: Bool
    }

    static func read(_ text: String, pieces: Int = .max, limits: HTTPLimits = HTTPLimits()) -> Reading {
        Self.read(Array(text.utf8), pieces: pieces, limits: limits)
    }

    static func read(_ octets: [UInt8], pieces: Int = .max, limits: HTTPLimits = HTTPLimits()) -> Reading {
        var reader = RequestReader(limits: limits)
        var reading = Reading()
        var head: RequestHead?
        var rest = octets[...]
        repeat {
            reader.append(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            do throws(RequestRefusal) {
                while let event = try reader.next() {
                    switch event {
                    case .head(let next): head = next
                    case .body(let body):
                        guard let head else { continue }
                        reading.requests.append(
                            Request(
                                method: head.method.rawValue,
                                path: head.path,
                                query: head.query,
                                body: String(decoding: body, as: UTF8.self),
                                keepsAlive: head.keepsAlive
                            )
                        )
                    }
                }
            } catch {
                reading.refusal = error.status
                return reading
            }
        } while !rest.isEmpty
        return reading
    }

    static let wellFormed: [(String, [Request])] = [
        (
            "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
            [Request(method: "GET", path: "/a", query: "b=c", body: "", keepsAlive: true)]
        ),
        (
            "POST /a HTTP/1.1\r\nHost: x:8443\r\nContent-Length: 5\r\n\r\nhello",
            [Request(method: "POST", path: "/a", query: nil, body: "hello", keepsAlive: true)]
        ),
        (
            "POST /a HTTP/1.1\r\nHOST:x\r\ncontent-LENGTH:\t 5 \r\nConnection: foo, Close\r\n\r\nhello",
            [Request(method: "POST", path: "/a", query: nil, body: "hello", keepsAlive: false)]
        ),
        (
            "GET http://other.example:80/a%20b HTTP/1.1\r\nHost: x\r\n\r\n",
            [Request(method: "GET", path: "/a b", query: nil, body: "", keepsAlive: true)]
        ),
        (
            "GET / HTTP/1.0\r\n\r\n",
            [Request(method: "GET", path: "/", query: nil, body: "", keepsAlive: false)]
        ),
        (
            "\r\nGET /a HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
            [Request(method: "GET", path: "/a", query: nil, body: "", keepsAlive: true)]
        ),
        (
            "GET /%C3%A9 HTTP/1.1\r\nHost: x\r\nX-Empty:\r\n\r\n",
            [Request(method: "GET", path: "/é", query: nil, body: "", keepsAlive: true)]
        ),
        (
            "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
                + "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
                + "GET /3 HTTP/1.1\r\nHost: x\r\n\r\nGET /4",
            [
                Request(method: "POST", path: "/1", query: nil, body: "one", keepsAlive: true),
                Request(method: "POST", path: "/2", query: nil, body: "", keepsAlive: true),
                Request(method: "GET", path: "/3", query: nil, body: "", keepsAlive: true),
            ]
        ),
    ]

    @Test("well-formed requests are read the same, however they are cut", arguments: Self.wellFormed)
    func reads(text: String, requests: [Request]) {
        for pieces in [Int.max, 1, 2, 3, 7, 64] {
            #expect(Self.read(text, pieces: pieces) == Reading(requests: requests, refusal: nil))
        }
    }

    /// Hostile or broken requests and the status each is told.
    static let malformed: [(String, Int)] = {
        let start = "POST /a HTTP/1.1\r\nHost: x\r\n"
        return [
            // Length.
            (start + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            (start + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
            (start + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
            (start + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
            (start + "Content-Length: 5, 5\r\n\r\nhello", 400),
            (start + "Content-Length: +5\r\n\r\nhello", 400),
            (start + "Content-Length: -5\r\n\r\nhello", 400),
            (start + "Content-Length: 0x5\r\n\r\nhello", 400),
            (start + "Content-Length: 5 5\r\n\r\nhello", 400),
            (start + "Content-Length:\r\n\r\n", 400),
            (start + "Content-Length: five\r\n\r\nhello", 400),
            (start + "Content-Length: 99999999999999999999999\r\n\r\n", 413),
            (start + "Content-Length: 524289\r\n\r\n", 413),
            (start + "\r\n", 411),
            (start + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 411),
            (start + "Transfer-Encoding: CHUNKED\r\n\r\n", 411),
            (start + "Transfer-Encoding: chunked, chunked\r\n\r\n", 400),
            (start + "Transfer-Encoding: gzip, chunked\r\n\r\n", 400),
            (start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 400),
            (start + "Transfer-Encoding: xchunked\r\n\r\n", 400),
            (start + "Transfer-Encoding:\r\n\r\n", 400),
            ("POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
            // Lines.
            ("GET /a HTTP/1.1\nHost: x\n\n", 400),
            ("GET /a HTTP/1.1\r\nHost: x\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: x\rX: y\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\n Host: x\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost : x\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: x\r\nX\u{0}: y\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: x\r\nX: y\u{0}z\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: x\r\nX: y\u{7F}z\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: x\r\n: empty\r\n\r\n", 400),
            ("\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            // Request line.
            ("GET  /a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a\r\nHost: x\r\n\r\n", 400),
            ("GET /a HTTP/1.1 \r\nHost: x\r\n\r\n", 400),
            (" GET /a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("G(T /a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET\t/a\tHTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a http/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a HTTP/1.1x\r\nHost: x\r\n\r\n", 400),
            ("GET /a HTTP/11\r\nHost: x\r\n\r\n", 400),
            ("GET /a HTTP/2.0\r\nHost: x\r\n\r\n", 505),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("GET /a HTTP/0.9\r\nHost: x\r\n\r\n", 505),
            // Host.
            ("GET /a HTTP/1.1\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost:\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: x y\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: x@y\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: x/y\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: x:port\r\n\r\n", 400),
            // Target.
            ("GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET ftp://x/a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET http://user@x/a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET http://x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /../a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a/.. HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a/./b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a/%2e%2E/b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a%5Cb HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a%2F..%2Fb HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a%2f%2e HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a%5cb HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a\\b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a%0d%0a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a%4 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a%ff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a?b#c HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /é HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            // Expectation.
            (start + "Content-Length: 5\r\nExpect: 200-ok\r\n\r\nhello", 417),
            // Not HTTP.
            ("\u{16}\u{3}\u{1}\u{2}", 400),
        ]
    }()

    @Test("every ambiguity and every trick is refused with its status, however it is cut", arguments: Self.malformed)
    func refuses(text: String, status: Int) {
        for pieces in [Int.max, 1, 5] {
            #expect(Self.read(text, pieces: pieces) == Reading(requests: [], refusal: status))
        }
    }

    @Test("after a refusal nothing more is read")
    func nothingAfterRefusal() throws {
        var reader = RequestReader(limits: HTTPLimits())
        reader.append("GET /a HTTP/1.1\n\n".utf8)
        let refusal = try #require(throws: RequestRefusal.self) { try reader.next() }
        reader.append("GET /a HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        #expect(throws: refusal) { try reader.next() }
    }

    @Test("a head of exactly the limit is read and one octet more is not", arguments: [1, 100, Int.max])
    func headLimit(pieces: Int) {
        var limits = HTTPLimits()
        limits.headOctets = 1000
        let frame = "GET /a HTTP/1.1\r\nHost: x\r\nX: \r\n\r\n".utf8.count
        let fill = String(repeating: "x", count: 1000 - frame)
        let atLimit = Self.read("GET /a HTTP/1.1\r\nHost: x\r\nX: \(fill)\r\n\r\n", pieces: pieces, limits: limits)
        #expect(atLimit.requests.count == 1)
        let over = Self.read("GET /a HTTP/1.1\r\nHost: x\r\nX: \(fill)x\r\n\r\n", pieces: pieces, limits: limits)
        #expect(over == Reading(requests: [], refusal: 431))
        let line = "GET /\(fill)\(fill)"
        for rest in ["", " HTTP/1.1\r\n", " HTTP/1.1\r\nHost: x\r\n\r\n"] {
            #expect(Self.read(line + rest, pieces: pieces, limits: limits) == Reading(requests: [], refusal: 414))
        }
    }

    @Test("header fields are counted")
    func fieldLimit() {
        var limits = HTTPLimits()
        limits.headerFields = 3
        let field = "X: y\r\n"
        let head = "GET /a HTTP/1.1\r\nHost: x\r\n"
        #expect(Self.read(head + field + field + "\r\n", limits: limits).requests.count == 1)
        #expect(Self.read(head + field + field + field + "\r\n", limits: limits).refusal == 431)
        let endless = head + String(repeating: field, count: 50)
        #expect(Self.read(endless, limits: limits).refusal == 431, "without waiting for the end of the head")
    }

    @Test("a body of exactly the limit is read")
    func bodyLimit() {
        var limits = HTTPLimits()
        limits.bodyOctets = 70_000
        let body = String(repeating: "b", count: 70_000)
        let head = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n"
        for pieces in [Int.max, 999] {
            let reading = Self.read(head + body + "GET /b HTTP/1.1\r\nHost: x\r\n\r\n", pieces: pieces, limits: limits)
            #expect(reading.requests.map(\.body.utf8.count) == [70_000, 0])
        }
    }

    @Test("many pipelined requests are all read, and the reader keeps none of their octets")
    func pipelining() throws {
        var reader = RequestReader(limits: HTTPLimits())
        let one = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
        reader.append(String(repeating: one, count: 1000).utf8)
        var count = 0
        while let event = try reader.next() {
            if case .body = event { count += 1 }
        }
        #expect(count == 1000)
        #expect(reader.heldOctets == 0)
        #expect(reader.progress == .idle)
    }

    @Test("any octet changed in a request gives a request or a refusal, never a trap")
    func mutations() {
        let text = "POST /a%20b?c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello"
        let octets = Array(text.utf8)
        var refusals = 0
        for position in octets.indices {
            for value: UInt8 in [0x00, 0x0A, 0x0D, 0x20, 0x25, 0x2F, 0x39, 0x3A, 0x7F, 0xFF] {
                var changed = octets
                changed[position] = value
                let reading = Self.read(changed, pieces: 11)
                if reading.refusal != nil { refusals += 1 }
                #expect(reading.requests.count <= 1)
            }
        }
        #expect(refusals > octets.count, "most changes break something")
    }

    @Test("header fields are found in any case, all of them and in order")
    func headers() throws {
        var reader = RequestReader(limits: HTTPLimits())
        reader.append("GET /a HTTP/1.1\r\nHost: x\r\nAccept: one \r\naccept:two\r\n\r\n".utf8)
        guard case .head(let head) = try #require(try reader.next()) else { return #expect(Bool(false), "a head") }
        #expect(head.headers["ACCEPT"] == "one")
        #expect(head.headers.values(of: "Accept") == ["one", "two"])
        #expect(head.headers["Accep"] == nil)
        #expect(head.headers.count == 3)
        #expect(head.headers.pairs.map(\.name) == ["Host", "Accept", "accept"])
    }
}

import EnrollmentTestKit
import Foundation
import Testing

@Suite("Hostile traffic", .timeLimit(.minutes(25)))
struct HostileTrafficTests {
    private static let path = "/EnrollmentServer/Enrollment.svc"

    private static let requests: [(String, Int)] = {
        let post = "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\n"
        let get = "GET /EnrollmentServer/Discovery.svc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        return [
            (get + "\r\n", 200),
            (post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            (post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
            (post + "Content-Length: -1\r\n\r\n", 400),
            (post + "Content-Length: 9999999\r\n\r\n", 413),
            (post + "\r\n", 411),
            (post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 411),
            (get + "X-Long: \(String(repeating: "a", count: 20_000))\r\n\r\n", 431),
            (get + String(repeating: "X: y\r\n", count: 150) + "\r\n", 431),
            ("GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
            ("DELETE \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
            ("GET /etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
            ("GET /EnrollmentServer/../Discovery.svc HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("no HTTP at all\r\n\r\n", 400),
        ]
    }()

    @Test("what is no proper request gets its status over TLS and a closed connection, and enrollment goes on")
    func http() async throws {
        try await RunningGatehouse.serve { gatehouse in
            for (request, status) in Self.requests {
                let answer = try await gatehouse.place.send(request)
                let line = answer.split(separator: "\r\n").first ?? ""
                #expect(line.hasPrefix("HTTP/1.1 \(status) "), "\(request.prefix(90)): \(answer.prefix(200))")
                #expect(answer.lowercased().contains("connection: close"))
                #expect(answer.lowercased().contains("content-length:"))
            }
            _ = try await gatehouse.simulation("kim").enroll()
        }
    }

    @Test("noise where a TLS handshake belongs, and connections that say nothing, keep nobody out")
    func noise() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let silent = (0..<60).map { _ in SilentClient(port: gatehouse.place.port) }
            let script = """
                for n in 1 2 3 4 5 6 7 8; do
                    exec 3<> /dev/tcp/127.0.0.1/\(gatehouse.place.port)
                    head -c 3000 /dev/urandom >&3; cat <&3 > /dev/null; exec 3>&-
                done 2> /dev/null; true
                """
            let noise = try await ExternalCommand.run("bash", ["-c", script], seconds: 30)
            #expect(noise.status == 0, "the server left a connection open that made no sense")
            _ = try await gatehouse.simulation("kim").enroll()
            withExtendedLifetime(silent) {}
        }
    }

    @Test("every way to spoil a few octets of a message ends in an answer of the protocol")
    func mutations() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let exchange = try Exchange(gatehouse)
            let (kim, password) = ("kim@corp.example", Person.password(of: "kim"))
            let request = try await TextbookRequest.make()
            let originals: [(Exchange.Endpoint, [UInt8])] = [
                (.discovery, Array(Message.discover().utf8)),
                (.policy, Array(Message.getPolicies(user: kim, password: password).utf8)),
                (.enrollment, Array(Message.enroll(user: kim, password: password, request: request).utf8)),
            ]
            var mutator = Mutator(seed: 20)
            var faults = 0
            for round in 0..<450 {
                let (endpoint, original) = originals[round % originals.count]
                let octets = mutator.mutate(original)
                let reply = try await exchange.post(octets, to: endpoint)
                #expect([200, 400, 500].contains(reply.status), "\(String(decoding: octets, as: UTF8.self)): \(reply)")
                guard reply.status == 500 else { continue }
                faults += 1
                #expect(reply.fault != nil && reply.trace != nil, "\(reply)")
            }
            #expect(faults > 100)
            #expect(gatehouse.isRunning)
            _ = try await gatehouse.simulation("zoe").enroll()
            try await StoreAudit(gatehouse.place).expectSound()
        }
    }
}

/// Spoils messages, the same way each time.
private struct Mutator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func mutate(_ octets: [UInt8]) -> [UInt8] {
        var octets = octets
        for _ in 0..<Int.random(in: 1...3, using: &self) {
            let place = Int.random(in: 0..<octets.count, using: &self)
            let end = min(octets.count, place + Int.random(in: 1...40, using: &self))
            switch Int.random(in: 0..<5, using: &self) {
            case 0: octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 1: octets[place] = UInt8.random(in: 0...255, using: &self)
            case 2: octets.removeSubrange(place..<end)
            case 3: octets.insert(contentsOf: octets[place..<end], at: place)
            default: octets.removeLast(octets.count - max(place, 1))
            }
            if octets.isEmpty { return [0] }
        }
        return octets
    }
}

extension Place {
    /// Sends octets in one TLS connection.
    ///
    /// - Returns: All that came back until the server closed it.
    fileprivate func send(_ request: String) async throws -> String {
        let outcome = try await ExternalCommand.run(
            "openssl",
            ["s_client", "-quiet", "-connect", "127.0.0.1:\(self.port)", "-servername", Self.host]
                + ["-CAfile", self.rootFile.path],
            input: request,
            keepsInputOpen: true,
            seconds: 15
        )
        // Before it come the lines about the certificate chain.
        guard let start = outcome.output.firstRange(of: "HTTP/1.1 ") else { return outcome.output }
        return String(outcome.output[start.lowerBound...])
    }
}

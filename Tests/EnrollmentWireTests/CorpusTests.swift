import EnrollmentCore
import EnrollmentWire
import Testing
import XMLKit

@Suite("Message corpus")
struct CorpusTests {
    private static let actions = [
        "discovery":
            "http://schemas.microsoft.com/windows/management/2012/01/enrollment/IDiscoveryService/DiscoverResponse",
        "policy": "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy/IPolicy/GetPoliciesResponse",
        "enrollment": "http://schemas.microsoft.com/windows/pki/2009/01/enrollment/RSTRC/wstep",
        "renewal": "http://schemas.microsoft.com/windows/pki/2009/01/enrollment/RSTRC/wstep",
    ]

    @Test("the corpus is there")
    func present() {
        #expect(Corpus.messages.count > 190)
    }

    @Test("every message gets the answer that is written beside it", arguments: Corpus.messages)
    func answers(_ message: Corpus.Message) async throws {
        let journal = Journal()
        let response = await journal.answer(message.octets, to: message.operation)
        let answer = try Answer(response.octets)
        #expect(answer.outcome == message["answer"])
        #expect(answer.action == Self.actions[message.operation])
        #expect(answer.relatesTo == message["relatesTo"])
        #expect(answer.activity?.text == "0b7d5e1c-6a52-4c0f-9d5b-3f1f0a9c8e71")
        #expect(response.contentType == "application/soap+xml; charset=utf-8")
        #expect(!response.octets.contains(UInt8(ascii: "\n")))
        if message["answer"] == "response" {
            #expect(response.status == 200)
            #expect(response.refusal == nil)
            try self.checkResponse(to: message, answer, journal)
        } else {
            #expect(response.status == 500)
            #expect(response.refusal?.rule == message["rule"])
            #expect(answer.detail("TraceId") == "\(Example.traceID)")
            if let token = message["token"] {
                #expect(response.refusal?.facts.first { $0.name == "token" }?.value == token)
            }
        }
    }

    private func checkResponse(to message: Corpus.Message, _ answer: Answer, _ journal: Journal) throws {
        switch message.operation {
        case "discovery":
            let result = try #require(answer.body.first("DiscoverResult"))
            #expect(result.first("AuthPolicy")?.text == message["authPolicy"])
            #expect(result.first("EnrollmentVersion")?.text == message["version"])
            if let claimed = message["claimed"] { #expect(journal.attempts.first?.claimedName == claimed) }
        case "policy":
            #expect(journal.credentials == [[message["user"] ?? "", message["password"] ?? ""]])
            #expect(journal.attempts.first?.userID == "id-of-\(message["user"] ?? "")")
        case "renewal":
            let isAutomatic = message["credential"] == "none"
            #expect(journal.credentials == (isAutomatic ? [] : [[message["user"] ?? "", message["password"] ?? ""]]))
            #expect(journal.requests.isEmpty)
            let request = try #require(journal.renewals.first)
            #expect((request.credential == nil) == isAutomatic)
            #expect(request.signedRequest.starts(with: 0...255))
            #expect(request.signedRequest.suffix(5) == Array("pkcs7".utf8)[...])
            try self.check(request.claims, against: message)
        default:
            #expect(journal.credentials == [[message["user"] ?? "", message["password"] ?? ""]])
            let request = try #require(journal.requests.first)
            #expect(request.certificateRequest.suffix(6) == Array("pkcs10".utf8)[...])
            try self.check(request.claims, against: message)
        }
    }

    private func check(_ claims: DeviceClaims, against message: Corpus.Message) throws {
        #expect(claims.deviceID == message["deviceID"])
        #expect(claims.enrollmentType.rawValue == message["type"])
        if let items = message["items"] { #expect("\(claims.items.count)" == items) }
        for item in message[all: "item"] {
            #expect(claims.items.contains { "\($0.name)=\($0.value)" == item })
        }
    }

    @Test("a refusal is recorded with its rule before it is answered, a success soon after")
    func recorded() async throws {
        for message in Corpus.messages where ["discovery", "policy"].contains(message.operation) {
            let journal = Journal()
            _ = await journal.answer(message.octets, to: message.operation)
            let attempt = try #require(journal.attempts.first)
            #expect(journal.attempts.count == 1)
            #expect(attempt.rule == message["rule"])
            #expect(attempt.outcome == (message["rule"] == nil ? .succeeded : .refused))
            #expect(attempt.sourceAddress == "192.0.2.7")
        }
    }

    @Test("no fault says whether an account exists, and none holds a password or an operator's detail")
    func quiet() async throws {
        for message in Corpus.messages where message["answer"] == "s:Authentication" {
            let response = await Journal().answer(message.octets, to: message.operation)
            let text = String(decoding: response.octets, as: UTF8.self)
            #expect(!text.contains("ada") && !text.contains("wrong") && !text.contains("No such user"))
        }
    }

    @Test("messages with flipped, lost and doubled octets end in a value or a fault, never in a trap")
    func mutations() async throws {
        var generator = XorShift(state: 0x9E37_79B9_7F4A_7C15)
        for message in Corpus.messages where message.octets.count < 16 * 1024 {
            for _ in 0..<40 {
                var octets = message.octets
                for _ in 0...generator.next(below: 3) {
                    let position = generator.next(below: octets.count)
                    switch generator.next(below: 4) {
                    case 0: octets[position] ^= UInt8(1 << generator.next(below: 8))
                    case 1: octets[position] = UInt8(generator.next(below: 256))
                    case 2:
                        octets.removeSubrange(position..<min(octets.count, position + 1 + generator.next(below: 40)))
                    default:
                        let end = min(octets.count, position + 1 + generator.next(below: 40))
                        octets.insert(contentsOf: octets[position..<end], at: generator.next(below: octets.count))
                    }
                    if octets.isEmpty { octets = [0] }
                }
                let response = await Journal().answer(octets, to: message.operation)
                let answer = try Answer(response.octets)
                #expect((response.status == 200) == (answer.outcome == "response"))
            }
        }
    }
}

/// The same sequence in every run, so that a failure can be had again.
private struct XorShift {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        self.state ^= self.state << 13
        self.state ^= self.state >> 7
        self.state ^= self.state << 17
        return Int(self.state % UInt64(bound))
    }
}

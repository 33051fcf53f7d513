import DeviceSimulator
import EnrollmentTestKit
import Testing

@Suite("Refusals", .timeLimit(.minutes(25)))
struct RefusalTests {
    @Test("a wrong password and an unknown user get the same octets, apart from identifiers")
    func sameAnswer() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let exchange = try Exchange(gatehouse)
            let request = try await TextbookRequest.make()
            for endpoint in [Exchange.Endpoint.policy, .enrollment] {
                var replies: [Reply] = []
                for user in ["kim@corp.example", "nix@corp.example", "lou@corp.example", "max@corp.example"] {
                    let message =
                        endpoint == .policy
                        ? Message.getPolicies(user: user, password: Person.wrongPassword)
                        : Message.enroll(user: user, password: Person.wrongPassword, request: request)
                    replies.append(try await exchange.post(message, to: endpoint))
                }
                #expect(replies.allSatisfy { $0.fault == "Authentication" && $0.status == 500 })
                #expect(Set(replies.map(\.withoutIdentifiers)).count == 1)
                #expect(Set(replies.map(\.body.utf8.count)).count == 1)
                #expect(Set(replies.compactMap(\.trace)).count == 4)
            }
        }
    }

    @Test(
        "help desk is told apart what the device is not",
        arguments: [
            ("kim", Person.wrongPassword, "0x80180002", "directory."),
            ("nix", "nix-password", "0x80180002", "directory."),
            ("lou", "lou-password", "0x80180002", "directory.account.locked"),
            ("lee", "lee-password", "0x80180003", "admission."),
            ("sam", "sam-password", "0x80180003", "admission."),
        ]
    )
    func people(_ uid: String, _ password: String, _ code: String, _ rule: String) async throws {
        try await RunningGatehouse.serve(Place.Settings(admitted: ["staff"])) { gatehouse in
            let user = SimulatedUser(name: "\(uid)@corp.example", password: password)
            let fault = try await gatehouse.simulation(of: [user]).fault().fault
            #expect(fault.deviceCode == code)
            let attempt = try await gatehouse.place.attempt(try #require(fault.traceID))
            #expect(attempt.rule?.hasPrefix(rule) == true, "\(attempt)")
            #expect(attempt.claimedName == user.name)
            #expect(try await gatehouse.place.devices().isEmpty)
        }
    }

    @Test(
        "a request that proves nothing or too little is refused and leaves no certificate",
        arguments: [RequestVariation.weakKey, .brokenSignature]
    )
    func requests(_ variation: RequestVariation) async throws {
        try await RunningGatehouse.serve { gatehouse in
            var simulation = try gatehouse.simulation("kim")
            simulation.variation = variation
            let (step, fault) = try await simulation.fault()
            #expect(step == .enroll)
            #expect(fault.deviceCode == "0x80180004")
            #expect(try await gatehouse.place.attempt(try #require(fault.traceID)).code == "certificateRequest")
            #expect(try await gatehouse.place.devices().isEmpty)
            #expect(try await gatehouse.place.certificates().allSatisfy { $0.profile != "device/1" })
        }
    }

    @Test("what is no request of the protocol gets the fault or the status it deserves, and the service goes on")
    func messages() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let exchange = try Exchange(gatehouse)
            let (kim, password) = ("kim@corp.example", Person.password(of: "kim"))
            let request = try await TextbookRequest.make()
            let good = Message.enroll(user: kim, password: password, request: request)
            let cases: [(String, Exchange.Endpoint, Int, String?)] = [
                (
                    Message.enroll(user: kim, password: password, request: "not*base64!"), .enrollment, 500,
                    "CertificateRequest"
                ),
                (Message.enroll(user: kim, password: password, request: ""), .enrollment, 500, nil),
                (
                    Message.enroll(user: kim, password: password, request: "AAAA"), .enrollment, 500,
                    "CertificateRequest"
                ),
                (Message.enroll(user: kim, password: "", request: request), .enrollment, 500, nil),
                (
                    good.replacing("RST/wstep</a:Action>", with: "RST/nothing</a:Action>"), .enrollment, 500,
                    "MessageFormat"
                ),
                ("<!DOCTYPE a [<!ENTITY b \"c\">]>" + good, .enrollment, 500, "MessageFormat"),
                (String(good.dropLast(20)), .enrollment, 500, "MessageFormat"),
                ("good morning", .discovery, 500, "MessageFormat"),
                (Message.discover(), .policy, 500, "MessageFormat"),
                ("", .discovery, 400, nil),
                ("", .policy, 400, nil),
                ("", .enrollment, 400, nil),
            ]
            for (message, endpoint, status, fault) in cases {
                let reply = try await exchange.post(message, to: endpoint)
                #expect(reply.status == status, "\(message.prefix(80)): \(reply)")
                if let fault { #expect(reply.fault == fault, "\(message.prefix(80)): \(reply)") }
                guard status == 500 else { continue }
                let trace = try #require(reply.trace)
                #expect(try await gatehouse.place.attempt(trace).outcome == "refused")
            }
            let large = [UInt8](repeating: UInt8(ascii: " "), count: 5 << 20)
            #expect(try await Exchange(gatehouse).post(large, to: .enrollment).status == 413)
            #expect(try await exchange.post(Array(good.utf8), to: .enrollment, type: "image/png").status == 415)

            let reply = try await exchange.post(good, to: .enrollment)
            #expect(reply.status == 200, "\(reply)")
            #expect(try await gatehouse.place.devices().count == 1)
        }
    }
}

import Foundation
import Testing

@testable import DeviceSimulator

@Suite("A device's session with a management server that is not ours", .timeLimit(.minutes(25)))
struct ManagementSessionTests {
    private func withManager<Result>(
        _ behavior: String,
        account change: (String) -> String = { $0 },
        _ body: (StubManager) async throws -> Result
    ) async throws -> Result {
        let manager = try StubManager(behavior, account: change)
        defer { manager.stop() }
        return try await body(manager)
    }

    @Test("is that of Windows: it waits for the challenge, proves itself, checks the server, and answers what is asked")
    func whole() async throws {
        try await self.withManager("good") { manager in
            let contact = try await manager.manage()
            #expect(contact.deviceProof == .digest)
            #expect(contact.serverProof == .digest)
            #expect(contact.messages == 3)
            #expect(contact.commands.map(\.name) == ["Get", "Get", "Get"])
            #expect(contact.commands.map(\.code) == [200, 200, 200])
            #expect(contact.commands[1].nodes == ["./DevDetail/SwV"])
            let requests = try manager.requests()
            #expect(requests.count == 3)
            #expect(requests.allSatisfy { $0.hasPrefix("/omadm?mode=Maintenance&Platform=WoA ") })
            let device = manager.identity.device.deviceID
            // The capture of a native client, with other names in it.
            let opening = """
                <Alert><CmdID>2</CmdID><Data>1201</Data></Alert><Alert><CmdID>3</CmdID><Data>1224</Data><Item><Meta>\
                <Type xmlns="syncml:metinf">com.microsoft/MDM/LoginStatus</Type></Meta><Data>user</Data></Item></Alert>\
                <Replace><CmdID>4</CmdID><Item><Source><LocURI>./DevInfo/DevId</LocURI></Source><Data>\(device)</Data>\
                </Item><Item><Source><LocURI>./DevInfo/Man</LocURI></Source><Data>Example Device Works Co., Ltd</Data>\
                </Item><Item><Source><LocURI>./DevInfo/Mod</LocURI></Source><Data>Simulated Laptop9</Data></Item><Item>\
                <Source><LocURI>./DevInfo/DmV</LocURI></Source><Data>1.3</Data></Item><Item><Source>\
                <LocURI>./DevInfo/Lang</LocURI></Source><Data>en-US</Data></Item></Replace><Final/></SyncBody></SyncML>
                """
            #expect(requests[0].hasSuffix("<SyncBody>\(opening)"))
            #expect(!requests[0].contains("<Cred>"))
            #expect(requests[0].contains("<Source><LocURI>\(device)</LocURI></Source></SyncHdr>"))
            let status =
                "<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data>"
            #expect(requests[1].hasSuffix("<SyncBody>\(status)</Status>\(opening)"))
            #expect(requests[1].contains("<LocURI>\(device)</LocURI><LocName>device</LocName></Source><Cred>"))
            #expect(requests[2].contains("<Cmd>Get</Cmd><Data>200</Data>"))
            #expect(requests[2].contains("<Data>Simulated Laptop9</Data>"))
            // 212 holds for the session.
            #expect(!requests[2].contains("<Cred>"))
            #expect(requests[2].contains("<Cmd>SyncHdr</Cmd><Chal>"))
        }
    }

    @Test("needs no challenge where the first nonce of the provisioning document is used at once")
    func atOnce() async throws {
        try await self.withManager("good") { manager in
            let contact = try await manager.manage(atOnce: true)
            #expect(contact.deviceProof == .digest)
            #expect(contact.messages == 2)
        }
    }

    @Test("is short with a server that goes by the certificate")
    func trusting() async throws {
        try await self.withManager("trusting") { manager in
            let contact = try await manager.manage()
            #expect(contact.deviceProof == .certificate)
            #expect(contact.serverProof == .certificate)
            #expect(contact.messages == 2)
        }
    }

    @Test("proves itself in every message to a server that says 200 instead of 212")
    func provingEach() async throws {
        try await self.withManager("proving-each") { manager in
            #expect(try await manager.manage().deviceProof == .digest)
            let requests = try manager.requests()
            #expect(requests.map { $0.contains("<Cred>") } == [false, true, true])
        }
    }

    @Test("asks a server with another nonce to prove itself once more")
    func staleNonce() async throws {
        try await self.withManager("stale-nonce") { manager in
            let contact = try await manager.manage()
            #expect(contact.serverProof == .digest)
            #expect(contact.messages == 4)
            #expect(contact.commands.map(\.code) == [401, 401, 401, 200, 200, 200])
        }
    }

    @Test("keeps what the server writes, says what there is not, and what it does not do")
    func writing() async throws {
        try await self.withManager("writing") { manager in
            let contact = try await manager.manage()
            #expect(contact.commands.suffix(3).map(\.code) == [200, 404, 406])
        }
    }

    @Test("asks for more where the server's message is not its last")
    func more() async throws {
        try await self.withManager("no-final") { manager in
            _ = try await manager.manage()
            #expect(try manager.requests().last?.contains("<Data>1222</Data></Alert><Final/>") == true)
        }
    }

    @Test("goes to the next address of the account when nothing answers at the first")
    func addresses() async throws {
        try await self.withManager(
            "good",
            account: { document in
                let cut = document.components(separatedBy: "manage.example.test:")
                let port = cut[1].prefix { $0.isNumber }
                return document.replacingOccurrences(
                    of: "https://manage.example.test:\(port)/omadm",
                    with: "https://down.example.test:\(port)/omadm"
                ).replacingOccurrences(
                    of: "<parm name=\"UPN\"",
                    with: """
                        <parm name="ManagementServerAddressList" value="&lt;https://down.example.test:\(port)/omadm&gt;\
                        &lt;https://manage.example.test:\(port)/omadm&gt;" datatype="string"/><parm name="UPN"
                        """
                )
            }
        ) { manager in
            let contact = try await manager.manage()
            #expect(contact.address.hasPrefix("https://manage.example.test:"))
            #expect(contact.messages == 3)
        }
    }

    @Test(
        "ends when the device is turned away",
        arguments: [
            ("closed", "HTTP 403 for the certificate in TLS"),
            ("other-secret", "status 401 for the account's name and secret"),
            ("forbidding", "status 403 for the session"),
        ]
    )
    func turnedAway(behavior: String, why: String) async throws {
        try await self.withManager(behavior) { manager in
            let failure = await #expect(throws: SimulationFailure.self) { try await manager.manage() }
            #expect(failure == .turnedAway(.manage, why))
        }
    }

    @Test(
        "ends at the first thing that is not as the protocol has it",
        arguments: [
            ("other-type", .contentType), ("no-xml", .sessionForm), ("no-form", .sessionForm),
            ("version", .sessionForm),
            ("other-session", .sessionID), ("other-message", .sessionMessage), ("other-target", .sessionTarget),
            ("no-status", .sessionHeaderStatus), ("same-number", .sessionCommandID), ("behind-final", .sessionFinal),
            ("foreign-command", .sessionForm), ("failing-status", .sessionStatus),
            ("other-challenge", .sessionChallenge),
            ("basic-challenge", .sessionChallenge), ("no-challenge", .sessionChallenge),
            ("bad-nonce", .sessionChallenge),
            ("impostor", .sessionServerCredential), ("endless", .sessionEnd),
        ] as [(String, ProtocolRule)]
    )
    func deviations(behavior: String, rule: ProtocolRule) async throws {
        try await self.withManager(behavior) { manager in
            let failure = await #expect(throws: SimulationFailure.self) { try await manager.manage() }
            guard case .deviated(let deviation) = failure else {
                Issue.record("\(behavior): \(String(describing: failure))")
                return
            }
            #expect(deviation.rule == rule, "\(deviation)")
            #expect(deviation.step == .manage)
        }
    }

    @Test("digests are those of OMA-DM, with the nonce in octets")
    func digest() throws {
        // Made with md5sum and base64.
        let credential = try ManagementCredential.digest(name: "Bruce2", secret: "OhBehave", nonce: Array("Nonce".utf8))
        #expect(credential.data == "Zz6EivR3yeaaENcRN6lpAQ==")
        #expect(ManagementCredential.basic(name: "Bruce1", secret: "OhBehave").data == "QnJ1Y2UxOk9oQmVoYXZl")
    }
}

import EnrollmentCore
import EnrollmentWire
import Foundation
import Testing
import XMLKit

@Suite("Endpoints")
struct EndpointTests {
    private func message(_ operation: String, _ name: String) throws -> [UInt8] {
        try #require(Corpus.messages.first { $0.operation == operation && $0.name == name }).octets
    }

    @Test("the probe is answered with 200 and nothing")
    func probe() {
        let response = DiscoveryEndpoint.probe()
        #expect(response.status == 200)
        #expect(response.contentType == "text/html")
        #expect(response.octets.isEmpty)
    }

    @Test("an empty POST is a 400 that nobody records", arguments: ["discovery", "policy", "enrollment", "renewal"])
    func empty(_ operation: String) async {
        let journal = Journal()
        let response = await journal.answer([], to: operation)
        #expect(response.status == 400)
        #expect(response.octets.isEmpty)
        #expect(journal.attempts.isEmpty)
    }

    @Test("a refusal whose trace id is taken is recorded and answered under another")
    func takenTraceID() async throws {
        let journal = Journal(takenTraceIDs: [Example.traceID])
        let response = await journal.answer(try self.message("policy", "password-wrong"), to: "policy")
        let attempt = try #require(journal.attempts.first)
        #expect(attempt.traceID != Example.traceID)
        #expect(try Answer(response.octets).detail("TraceId") == "\(attempt.traceID)")
    }

    @Test("a ledger that cannot record hears of the refusal again, and the device hears at once why it was refused")
    func recordingFailure() async throws {
        let failure = EnrollmentError(.inMaintenance, "The disk is full.", rule: "ledger.full")
        let journal = Journal(recordingFailure: failure)
        let response = await journal.answer(try self.message("policy", "password-wrong"), to: "policy")
        #expect(try Answer(response.octets).outcome == "s:Authentication")
        #expect(response.recordingFailure?.rule == "ledger.full")
        let later = try #require(journal.attempts.first)
        #expect(later.outcome == .refused)
        #expect(try Answer(response.octets).detail("TraceId") == "\(later.traceID)")
    }

    @Test(
        "a refusal of the certificate request, the credential or a context item says whose it was",
        arguments: [
            ("base64-with-junk", "enrollment.base64"), ("base64-with-element", "message.text.mixed"),
            ("certificate-request-too-large", "enrollment.request-size"), ("type-unknown", "enrollment.type"),
            ("value-type-cmc", "enrollment.value-type"),
        ]
    )
    func refusalNamesDevice(_ name: String, _ rule: String) async throws {
        let journal = Journal()
        _ = await journal.answer(try self.message("enrollment", name), to: "enrollment")
        let attempt = try #require(journal.attempts.first)
        #expect(attempt.rule == rule)
        #expect(attempt.claimedName == "ada@example.net")
        #expect(attempt.claimedDeviceID == "0A1B2C3D4E5F60718293A4B5C6D7E8F9")
        #expect(attempt.hardwareID == String(repeating: "9f", count: 32))
        #expect(attempt.deviceName == "LAPTOP7")
        #expect(attempt.osVersion == "10.0.26200.9278")
    }

    @Test("a context item that is refused keeps what was read before it, and the user's name")
    func refusalInContext() async throws {
        let journal = Journal()
        _ = await journal.answer(try self.message("enrollment", "hardware-id-twice"), to: "enrollment")
        let attempt = try #require(journal.attempts.first)
        #expect(attempt.rule == "enrollment.context-duplicate")
        #expect(attempt.claimedName == "ada@example.net")
        #expect(attempt.hardwareID != nil)
    }

    @Test(
        "a refused credential's record has its user name where there is exactly one",
        arguments: [
            ("password-empty", "ada@example.net"), ("password-digest", "ada@example.net"),
            ("client-absent", "ada@example.net"), ("user-name-twice", nil), ("user-with-element", nil),
            ("security-absent", nil), ("user-empty", nil),
        ]
    )
    func refusalNamesUser(_ name: String, _ user: String?) async throws {
        let journal = Journal()
        _ = await journal.answer(try self.message("policy", name), to: "policy")
        #expect(journal.attempts.first?.outcome == .refused)
        #expect(journal.attempts.first?.claimedName == user)
    }

    @Test("a refusal of the use case is answered under the trace id it was recorded by, and not recorded twice")
    func useCaseRefusal() async throws {
        let journal = Journal()
        let response = await journal.answer(try self.message("enrollment", "device-cap-reached"), to: "enrollment")
        #expect(response.attempt?.code == .deviceCapReached)
        #expect(journal.attempts.isEmpty)
        #expect(try Answer(response.octets).detail("TraceId") == "\(Example.traceID)")
    }

    @Test(
        "a renewal that does not get as far as the use case is recorded as one, with the device it came from",
        arguments: [
            ("base64-with-junk", "renewal.base64", nil), ("value-type-of-enrollment", "renewal.value-type", nil),
            ("two-user-tokens", "credential.ambiguous", nil), ("password-digest", "credential.password-type", "ada"),
        ]
    )
    func refusedRenewal(_ name: String, _ rule: String, _ user: String?) async throws {
        let journal = Journal()
        _ = await journal.answer(try self.message("renewal", name), to: "renewal")
        let attempt = try #require(journal.attempts.first)
        #expect(journal.attempts.count == 1)
        #expect(attempt.operation == .renewal)
        #expect(attempt.rule == rule)
        #expect(attempt.claimedName == user.map { "\($0)@example.net" })
        #expect(attempt.claimedDeviceID == "0A1B2C3D4E5F60718293A4B5C6D7E8F9")
        #expect(attempt.deviceName == "LAPTOP7")
    }

    @Test("a renewal carries the certificate that the connection was made with, or none", arguments: [true, false])
    func connection(_ isProven: Bool) async throws {
        let journal = Journal()
        let thumbprint = isProven ? [UInt8](repeating: 0xEE, count: 32) : nil
        let octets = try self.message("renewal", "automatic-without-header")
        let response = await EnrollmentEndpoint(
            accounts: Example.accounts,
            enroll: journal.enroll,
            renew: journal.renew,
            thumbprint: { Example.thumbprint($0) },
            services: journal.services
        ).answer(Example.request(octets, clientCertificate: thumbprint))
        #expect(journal.renewals.first?.connectionThumbprint == thumbprint)
        #expect(journal.renewals.first?.sourceAddress == "192.0.2.7")
        #expect(journal.attempts.isEmpty, "the use case records what reaches it")
        let attempt = try #require(response.attempt)
        #expect(attempt.operation == .renewal && attempt.outcome == .succeeded)
        #expect(attempt.device != nil && attempt.serialNumber != nil && attempt.userID == "1")
    }

    /// What the provisioning document in an answer says.
    private func document(_ response: WireResponse) throws -> String {
        let answer = try Answer(response.octets)
        let token = try #require(
            answer.body.first("RequestSecurityTokenResponse")?.first("RequestedSecurityToken")?.first(
                "BinarySecurityToken"
            )
        )
        return String(decoding: try #require(Data(base64Encoded: token.text)), as: UTF8.self)
    }

    @Test(
        "a device is given the account of its terms, the standard one where they name none",
        arguments: [
            ("", "Gatehouse", "https://mdm.example.net/omadm"),
            ("Gatehouse", "Gatehouse", "https://mdm.example.net/omadm"),
            ("Branch", "Branch", "https://mdm.branch.example/omadm"),
        ]
    )
    func accounts(provider: String, expected: String, address: String) async throws {
        let journal = Journal()
        let response = await EnrollmentEndpoint(
            accounts: Example.accounts,
            enroll: { request in
                let user = DirectoryUser(id: "1", principalName: "ada@example.net", source: "test")
                return Example.enrollment(of: user, claims: request.claims, provider: provider)
            },
            thumbprint: { Example.thumbprint($0) },
            services: journal.services
        ).answer(Example.request(try self.message("enrollment", "windows-11-25h2")))
        let document = try self.document(response)
        #expect(document.contains("name=\"PROVIDER-ID\" value=\"\(expected)\""))
        #expect(document.contains("<characteristic type=\"Provider\"><characteristic type=\"\(expected)\">"))
        #expect(document.contains("name=\"ADDR\" value=\"\(address)\""))
    }

    @Test("terms that name an account that is not configured are a fault, not another account")
    func unknownAccount() async throws {
        let journal = Journal()
        let response = await EnrollmentEndpoint(
            accounts: Example.accounts,
            enroll: { request in
                let user = DirectoryUser(id: "1", principalName: "ada@example.net", source: "test")
                return Example.enrollment(of: user, claims: request.claims, provider: "Gone")
            },
            thumbprint: { Example.thumbprint($0) },
            services: journal.services
        ).answer(Example.request(try self.message("enrollment", "windows-11-25h2")))
        #expect(try Answer(response.octets).outcome == "a:InternalServiceFault")
        #expect(response.refusal?.rule == "enrollment.account")
    }

    @Test(
        "a renewal names the account that the device has, even when it is configured no longer",
        arguments: [("", "Gatehouse"), ("Branch", "Branch"), ("Gone", "Gone")]
    )
    func renewedAccount(provider: String, expected: String) async throws {
        let journal = Journal()
        let response = await EnrollmentEndpoint(
            accounts: Example.accounts,
            enroll: journal.enroll,
            renew: { _ in Example.renewal(provider: provider) },
            thumbprint: { Example.thumbprint($0) },
            services: journal.services
        ).answer(Example.request(try self.message("renewal", "automatic-without-header")))
        let document = try self.document(response)
        #expect(document.contains("<parm name=\"PROVIDER-ID\" value=\"\(expected)\"/></characteristic></wap-"))
    }

    @Test("where renewal is not offered, devices are told to enroll again")
    func renewalNotOffered() async throws {
        let journal = Journal()
        let response = await EnrollmentEndpoint(
            accounts: Example.accounts,
            enroll: journal.enroll,
            thumbprint: { Example.thumbprint($0) },
            services: journal.services
        ).answer(Example.request(try self.message("renewal", "automatic-without-header")))
        #expect(try Answer(response.octets).outcome == "s:Authorization NotEligibleToRenew")
        #expect(journal.attempts.first?.operation == .renewal)
    }

    @Test("an answer whose authorities cannot be digested is a fault, under the trace id of the renewal")
    func thumbprintFailure() async throws {
        let journal = Journal()
        let authority = AuthorityCertificate(issuerID: "a", der: [1], isRoot: true)
        let response = await EnrollmentEndpoint(
            accounts: Example.accounts,
            enroll: journal.enroll,
            renew: { _ in Example.renewal(authorities: [authority]) },
            thumbprint: { _ throws(EnrollmentError) in
                throw EnrollmentError(.internalService, "No digest.", rule: "thumbprint")
            },
            services: journal.services
        ).answer(Example.request(try self.message("renewal", "automatic-without-header")))
        #expect(try Answer(response.octets).outcome == "a:InternalServiceFault")
        #expect(try Answer(response.octets).detail("TraceId") == "\(Example.traceID)")
    }

    @Test("faults travel with the configured status", arguments: [500, 200])
    func status(_ status: Int) async throws {
        let journal = Journal()
        let endpoint = PolicyEndpoint(
            settings: Example.policy,
            verifier: journal,
            services: journal.services(faults: FaultTranslator(status: status))
        )
        let response = await endpoint.answer(Example.request(try self.message("policy", "password-wrong")))
        #expect(response.status == status)
    }

    @Test("a policy attempt notes how the sign-in went", arguments: [("on-premise", true), ("password-wrong", false)])
    func steps(_ name: String, _ succeeded: Bool) async throws {
        let journal = Journal()
        _ = await journal.answer(try self.message("policy", name), to: "policy")
        #expect(journal.attempts.first?.steps.map(\.succeeded) == [succeeded])
    }

    @Test("discovery answers the version both sides speak")
    func version() async throws {
        let settings = DiscoverySettings(
            policyServiceURL: "https://a.example/p",
            enrollmentServiceURL: "https://a.example/e",
            highestVersion: ProtocolVersion(5)
        )
        let endpoint = DiscoveryEndpoint(settings: settings, services: Journal().services)
        for (name, version) in [
            ("windows-11-25h2", "5.0"), ("version-4-0", "4.0"), ("version-ten-is-above-nine", "5.0"),
        ] {
            let response = await endpoint.answer(Example.request(try self.message("discovery", name)))
            let text = String(decoding: response.octets, as: UTF8.self)
            #expect(text.contains("<EnrollmentVersion>\(version)</EnrollmentVersion>"))
        }
    }
}

import CurlKit
import Testing

@testable import DeviceSimulator

@Suite("What the device accepts as an answer")
struct AnswerTests {
    private func read(_ answer: HTTPAnswer, _ action: String, _ step: EnrollmentStep) throws -> SOAPAnswer {
        try SOAPAnswer(answer, expecting: action, relatingTo: GoldenAnswers.messageID, Judge(step: step))
    }

    @discardableResult
    private func discover(_ text: String) throws -> DiscoveryAnswer {
        guard
            case .response(_, let body) = try self.read(
                GoldenAnswers.http(text),
                GoldenAnswers.discoverAction,
                .discover
            )
        else { throw CancellationError() }
        return try DiscoveryAnswer(body, profile: .windows11, Judge(step: .discover))
    }

    @discardableResult
    private func policy(_ text: String) throws -> PolicyAnswer {
        guard case .response(_, let body) = try self.read(GoldenAnswers.http(text), GoldenAnswers.policyAction, .policy)
        else { throw CancellationError() }
        return try PolicyAnswer(body, Judge(step: .policy))
    }

    @discardableResult
    private func token(_ text: String) throws -> TokenAnswer {
        guard
            case .response(let header, let body) = try self.read(
                GoldenAnswers.http(text),
                GoldenAnswers.tokenAction,
                .enroll
            )
        else { throw CancellationError() }
        return try TokenAnswer(header: header, body: body, Judge(step: .enroll))
    }

    @Test("good answers are read")
    func good() throws {
        let discovery = try self.discover(GoldenAnswers.discovery)
        #expect(discovery.enrollmentAddress == "https://mdm.example.test/EnrollmentServer/Enrollment.svc")
        #expect(discovery.version == "3.0")
        let policy = try self.policy(GoldenAnswers.policy)
        #expect(policy.minimalKeyLength == 2048)
        #expect(policy.hashAlgorithm == "2.16.840.1.101.3.4.2.1")
        #expect(try self.token(GoldenAnswers.token).document == Array("<a></a>".utf8))
    }

    @Test(
        "a discovery answer with one thing wrong is named",
        arguments: [
            Mutation("<s:Envelope", "<s:Envelope2", .wellFormed),
            Mutation("http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/", .envelope),
            Mutation("<DiscoverResponse", "<x/><DiscoverResponse", .body),
            Mutation("DiscoverResponse</a:Action>", "Discover</a:Action>", .action),
            Mutation(" s:mustUnderstand=\"1\"", "", .action),
            Mutation("<a:RelatesTo>urn:uuid:5", "<a:RelatesTo>urn:uuid:6", .relatesTo),
            Mutation("<a:RelatesTo>\(GoldenAnswers.messageID)</a:RelatesTo>", "", .relatesTo),
            Mutation("OnPremise", "Certificate", .authPolicy),
            Mutation("<EnrollmentVersion>3.0", "<EnrollmentVersion>10.0", .enrollmentVersion),
            Mutation("<EnrollmentVersion>3.0", "<EnrollmentVersion>three", .enrollmentVersion),
            Mutation(
                "https://mdm.example.test/EnrollmentServer/Policy",
                "http://mdm.example.test/Policy",
                .policyAddress
            ),
            Mutation("https://mdm.example.test/EnrollmentServer/Policy", "https://else.example.test/Policy", .sameHost),
            Mutation("https://mdm.example.test/EnrollmentServer/Enrollment.svc", "", .enrollmentAddress),
            Mutation(
                "</DiscoverResult>",
                "<AuthenticationServiceUrl>https://a.test/</AuthenticationServiceUrl></DiscoverResult>",
                .noAuthenticationAddress
            ),
        ]
    )
    func discovery(mutation: Mutation) throws {
        let deviation = #expect(throws: Deviation.self) {
            try self.discover(mutation.apply(to: GoldenAnswers.discovery))
        }
        #expect(deviation?.rule == mutation.rule)
        #expect(deviation?.step == .discover)
    }

    @Test(
        "a policy answer with one thing wrong is named",
        arguments: [
            Mutation("<cAs i:nil=\"true\"/><attributes>", "<attributes>", .policyOrder),
            Mutation(
                "<keySpec i:nil=\"true\"/><keyUsageProperty i:nil=\"true\"/>",
                "<keySpec i:nil=\"true\"/>",
                .policyOrder
            ),
            Mutation("<generalFlags i:nil=\"true\"/>", "<generalFlags/>", .policyNil),
            Mutation("<generalFlags i:nil=\"true\"/>", "<generalFlags i:nil=\"true\">64</generalFlags>", .policyNil),
            Mutation("<revision>", "<revision i:nil=\"true\">", .policyNil),
            Mutation("<nextUpdateHours i:nil=\"true\"/>", "", .policyOrder),
            Mutation("<cAs i:nil=\"true\"/><oIDs>", "<oIDs>", .policyOrder),
            Mutation("<policySchema>3", "<policySchema>2", .policySchema),
            Mutation("<minimalKeyLength>2048", "<minimalKeyLength>1024", .minimalKey),
            Mutation("<hashAlgorithmOIDReference>0", "<hashAlgorithmOIDReference>7", .hashReference),
            Mutation("<policyOIDReference>1", "<policyOIDReference>7", .policyReference),
            Mutation("1.3.6.1.4.1.311.21.8.7", "1.3.6.1.4.1.311.21.8.4294967296", .objectIdentifier),
            Mutation("<enroll>true", "<enroll>false", .policyValue),
            Mutation("<renewalPeriodSeconds>3628800", "<renewalPeriodSeconds>31536000", .policyValue),
            Mutation("<autoEnroll>false</autoEnroll>", "<autoEnroll>false</autoEnroll><more/>", .policyOrder),
            Mutation("<provider>Microsoft Platform Crypto Provider</provider>", "<provider/>", .policyValue),
        ]
    )
    func policy(mutation: Mutation) throws {
        let deviation = #expect(throws: Deviation.self) {
            try self.policy(mutation.apply(to: GoldenAnswers.policy))
        }
        #expect(deviation?.rule == mutation.rule)
        #expect(deviation?.step == .policy)
    }

    @Test("attestation elements of later versions are no deviation")
    func attestation() throws {
        let mutation = Mutation(
            "<cryptoProviders>",
            "<AttestationFailureBehavior>RetryOnError</AttestationFailureBehavior><OperationTimeout>100</OperationTimeout>"
                + "<cryptoProviders>",
            .policyOrder
        )
        #expect(try self.policy(mutation.apply(to: GoldenAnswers.policy)).minimalKeyLength == 2048)
    }

    @Test(
        "an enrollment answer with one thing wrong is named",
        arguments: [
            Mutation("<u:Expires>2026-11-20T04:05", "<u:Expires>2026-11-20T04:00", .timestamp),
            Mutation("o:Security s:must", "o:Insecurity s:must", .wellFormed),
            Mutation("u:Timestamp u:Id=\"_0\"", "u:Timestamp2 u:Id=\"_0\"", .wellFormed),
            Mutation("<u:Created>2026-11-20T04:00:00.000Z", "<u:Created>", .timestamp),
            Mutation(
                "<DispositionMessage xmlns=\"http://schemas.microsoft.com/windows/pki/2009/01/enrollment\"/>",
                "",
                .responseShape
            ),
            Mutation("<RequestSecurityTokenResponse>", "<Other/><RequestSecurityTokenResponse>", .responseShape),
            Mutation("DeviceEnrollmentToken", "DeviceToken", .tokenType),
            Mutation("/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentProvisionDoc", "/X", .tokenKind),
            Mutation("#base64binary", "#hex", .tokenKind),
            Mutation("PGE+PC9hPg==", "PGE+PC9hPg=", .base64),
            Mutation("PGE+PC9hPg==", "PGE+PC9h*g==", .base64),
            Mutation("\">0</RequestID>", "\">1</RequestID>", .requestID),
            Mutation("enrollment\">0</RequestID>", "enrollmen\">0</RequestID>", .responseShape),
        ]
    )
    func token(mutation: Mutation) throws {
        let deviation = #expect(throws: Deviation.self) {
            try self.token(mutation.apply(to: GoldenAnswers.token))
        }
        #expect(deviation?.rule == mutation.rule)
        #expect(deviation?.step == .enroll)
    }

    @Test(
        "HTTP framing that Windows does not take is named",
        arguments: [
            ([CurlHeader("Content-Type", "application/soap+xml; charset=utf-8")], 200, ProtocolRule.contentLength),
            (
                [
                    CurlHeader("Content-Type", "application/soap+xml; charset=utf-8"),
                    CurlHeader("Transfer-Encoding", "chunked"),
                ], 200, .notChunked
            ),
            (
                [CurlHeader("Content-Type", "text/xml; charset=utf-8"), CurlHeader("Content-Length", "#")], 200,
                .contentType
            ),
            (
                [CurlHeader("Content-Type", "application/soap+xml"), CurlHeader("Content-Length", "#")], 200,
                .contentType
            ),
            ([CurlHeader("Content-Type", "text/html"), CurlHeader("Content-Length", "#")], 503, .status),
        ]
    )
    func framing(headers: [CurlHeader], status: Int, rule: ProtocolRule) throws {
        let body = Array(GoldenAnswers.discovery.utf8)
        let filled = headers.map { $0.value == "#" ? CurlHeader($0.name, String(body.count)) : $0 }
        let answer = HTTPAnswer(status: status, headers: filled, body: body)
        let deviation = #expect(throws: Deviation.self) {
            try self.read(answer, GoldenAnswers.discoverAction, .discover)
        }
        #expect(deviation?.rule == rule)
    }

    @Test("a success that does not come with 200 is a deviation")
    func status() throws {
        let deviation = #expect(throws: Deviation.self) {
            try self.read(
                GoldenAnswers.http(GoldenAnswers.discovery, status: 202),
                GoldenAnswers.discoverAction,
                .discover
            )
        }
        #expect(deviation?.rule == .status)
    }

    @Test("what was found is shown short and without control characters")
    func bounded() {
        let deviation = Deviation(.policy, .action, expected: "x", found: "a\nb" + String(repeating: "c", count: 500))
        #expect(deviation.found.hasPrefix("a b"))
        #expect(deviation.found.count == 201)
    }
}

import EnrollmentCore
import Testing
import XMLKit

@testable import EnrollmentWire

@Suite("Faults")
struct FaultTranslatorTests {
    /// [MS-MDE2] § 2.2.10.
    private static let table: [(EnrollmentError.Code, String)] = [
        (.messageFormat, "s:MessageFormat"),
        (.authentication, "s:Authentication"),
        (.authorization, "s:Authorization"),
        (.certificateRequest, "s:CertificateRequest"),
        (.enrollmentServer, "s:EnrollmentServer"),
        (.internalService, "a:InternalServiceFault"),
        (.invalidSecurity, "a:InvalidSecurity"),
        (.deviceCapReached, "s:Authorization DeviceCapReached"),
        (.deviceNotSupported, "s:Authorization DeviceNotSupported"),
        (.notSupported, "s:Authorization NotSupported"),
        (.notEligibleToRenew, "s:Authorization NotEligibleToRenew"),
        (.inMaintenance, "s:EnrollmentServer InMaintenance"),
        (.userLicense, "s:Authorization UserLicense"),
        (.invalidEnrollmentData, "s:MessageFormat InvalidEnrollmentData"),
        (.denied, "s:Authorization CustomServerError"),
    ]

    private func fault(
        _ code: EnrollmentError.Code,
        _ operation: Operation,
        to messageID: String?,
        saying reason: String? = nil
    ) throws -> Answer {
        let envelope = ResponseEnvelope(operation: operation, relatesTo: messageID, activityID: nil)
        let error = EnrollmentError(code, "what the operator reads", rule: "test.rule", reasonForUser: reason)
        return try Answer(FaultTranslator().octets(for: error, traceID: Example.traceID, in: envelope))
    }

    @Test("the table covers every code")
    func complete() {
        #expect(Set(Self.table.map(\.0)) == Set(EnrollmentError.Code.allCases))
    }

    @Test("each code has its subcode and error type", arguments: Self.table)
    func outcome(_ code: EnrollmentError.Code, _ expected: String) throws {
        let answer = try self.fault(code, .requestSecurityToken, to: "urn:x")
        #expect(answer.outcome == expected)
        #expect(answer.body.first("Code")?.first("Value")?.text == "s:Receiver")
        #expect(answer.body.first("Reason")?.first("Text")?.text == code.sentenceForUser)
        #expect(answer.detail("TraceId") == "\(Example.traceID)")
        #expect(answer.relatesTo == "urn:x")
    }

    @Test(
        "a fault carries the response Action of its operation and relates to nothing when nothing could be read",
        arguments: [Operation.discover, .getPolicies, .requestSecurityToken]
    )
    func action(_ operation: Operation) throws {
        let answer = try self.fault(.messageFormat, operation, to: nil)
        #expect(answer.action == operation.responseAction)
        #expect(answer.relatesTo == nil)
    }

    @Test("a denial says what whoever denied it wants the user to read, and cannot break out of it")
    func deniedReason() throws {
        let hostile = "Only managed rooms.</s:Text>\u{7}\n\u{202E}<x>&"
        let answer = try self.fault(.denied, .requestSecurityToken, to: nil, saying: hostile)
        let shown = "Only managed rooms.</s:Text> <x>&"
        #expect(answer.body.first("Reason")?.first("Text")?.text == shown)
        #expect(answer.detail("Message") == shown)
        #expect(answer.outcome == "s:Authorization CustomServerError")
    }

    @Test("no other refusal is worded from outside", arguments: EnrollmentError.Code.allCases)
    func wordedHere(_ code: EnrollmentError.Code) throws {
        guard code != .denied else { return }
        let answer = try self.fault(code, .requestSecurityToken, to: nil, saying: "Trust me.")
        #expect(answer.body.first("Reason")?.first("Text")?.text == code.sentenceForUser)
        #expect(answer.detail("Message") == code.sentenceForUser)
    }

    @Test("a MessageID cannot break out of RelatesTo")
    func injection() throws {
        let hostile = "</a:RelatesTo><x>&\u{0}"
        #expect(try self.fault(.messageFormat, .discover, to: hostile).relatesTo == "</a:RelatesTo><x>&\u{FFFD}")
    }
}

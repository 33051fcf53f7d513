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

    private func fault(_ code: EnrollmentError.Code, _ operation: Operation, to messageID: String?) throws -> Answer {
        let envelope = ResponseEnvelope(operation: operation, relatesTo: messageID, activityID: nil)
        return try Answer(FaultTranslator().octets(for: code, traceID: Example.traceID, in: envelope))
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

    @Test("a MessageID cannot break out of RelatesTo")
    func injection() throws {
        let hostile = "</a:RelatesTo><x>&\u{0}"
        #expect(try self.fault(.messageFormat, .discover, to: hostile).relatesTo == "</a:RelatesTo><x>&\u{FFFD}")
    }
}

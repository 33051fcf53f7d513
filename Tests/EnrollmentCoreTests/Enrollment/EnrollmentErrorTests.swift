import EnrollmentCore
import Testing

@Suite("An enrollment error")
struct EnrollmentErrorTests {
    private struct Cause: Error, CustomDebugStringConvertible {
        let debugDescription = "inner reason"
    }

    private func error(_ code: EnrollmentError.Code) -> EnrollmentError {
        EnrollmentError(
            code,
            "kim's account is locked on dc1",
            rule: "directory.locked",
            facts: [Fact("server", "dc1")],
            cause: Cause()
        )
    }

    @Test("shows its code and nothing else to whoever may read it", arguments: EnrollmentError.Code.allCases)
    func safeDescription(code: EnrollmentError.Code) {
        let error = self.error(code)
        #expect("\(error)" == "EnrollmentError.\(code.rawValue)")
        #expect(String(describing: error) == "EnrollmentError.\(code.rawValue)")
    }

    @Test("shows detail, rule, cause and place to the log", arguments: EnrollmentError.Code.allCases)
    func debugDescription(code: EnrollmentError.Code) {
        let text = String(reflecting: self.error(code))
        let parts = [code.rawValue, "locked on dc1", "directory.locked", "inner reason", "EnrollmentErrorTests.swift:"]
        for part in parts {
            #expect(text.contains(part))
        }
    }

    @Test("has a sentence for the user that names no cause inside the house", arguments: EnrollmentError.Code.allCases)
    func sentence(code: EnrollmentError.Code) {
        let sentence = code.sentenceForUser
        #expect(sentence.hasSuffix("."))
        #expect(sentence.count < 160)
        for word in ["ledger", "LDAP", "database", "SQL", "OpenSSL", "dc1", code.rawValue] {
            #expect(!sentence.contains(word))
        }
    }

    @Test("is the operator's concern exactly where nobody else can mend it")
    func operatorsConcern() {
        let concerns = EnrollmentError.Code.allCases.filter(\.isOperatorsConcern)
        #expect(Set(concerns) == [.enrollmentServer, .internalService, .inMaintenance])
    }
}

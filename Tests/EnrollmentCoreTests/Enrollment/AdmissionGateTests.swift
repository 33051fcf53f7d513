import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("The admission gate")
struct AdmissionGateTests {
    private struct Directory: CredentialVerifier {
        let answer: Result<DirectoryUser, EnrollmentError>

        func verify(_ credential: Credential) async throws(EnrollmentError) -> DirectoryUser {
            try self.answer.get()
        }
    }

    private let credential = Credential.password(UsernamePassword(name: "kim", password: Redacted("secret")))

    @Test(
        "admits members of any admitted group, and everybody when none is named",
        arguments: [
            [], ["cn=staff,dc=corp,dc=example"], ["CN=Other,DC=corp,DC=example", "CN = Staff , DC = corp,DC=example"],
        ]
    )
    func admits(groups: [String]) async throws {
        let gate = AdmissionGate(
            verifier: Directory(answer: .success(Rehearsal.kim)),
            rule: AdmissionRule(groups: groups.map { GroupName($0) })
        )
        #expect(try await gate.verify(self.credential) == Rehearsal.kim)
    }

    @Test(
        "refuses everybody else as not authorized, with both sides of the comparison as facts",
        arguments: ["cn=staf,dc=corp,dc=example", "cn=staff,dc=corp", "cn=staff", "staff"]
    )
    func refuses(group: String) async throws {
        let gate = AdmissionGate(
            verifier: Directory(answer: .success(Rehearsal.kim)),
            rule: AdmissionRule(groups: [GroupName(group)])
        )
        let error = await #expect(throws: EnrollmentError.self) { try await gate.verify(self.credential) }
        #expect(error?.code == .authorization)
        #expect(error?.rule == "admission.groups")
        #expect(
            error?.facts == [
                Fact("user", "kim@corp.example"), Fact("admitted groups", group),
                Fact("user's groups", "CN=Staff,DC=corp,DC=example"),
            ]
        )
    }

    @Test("passes the directory's own refusal on untouched")
    func passesOn() async throws {
        let refusal = EnrollmentError(.authentication, "No.", rule: "directory.password")
        let gate = AdmissionGate(verifier: Directory(answer: .failure(refusal)), rule: AdmissionRule(groups: []))
        let error = await #expect(throws: EnrollmentError.self) { try await gate.verify(self.credential) }
        #expect(error?.rule == "directory.password")
        #expect(error?.code == .authentication)
    }
}

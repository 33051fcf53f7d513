import EnrollmentCore
import Testing

@Suite("A redacted value")
struct RedactedTests {
    @Test("shows itself in no way of printing")
    func showsNothing() {
        let secret = Redacted("correct horse")
        var dumped = ""
        dump(secret, to: &dumped)
        let token = UsernamePassword(name: "kim", password: secret)
        var dumpedToken = ""
        dump(token, to: &dumpedToken)
        let prints = [
            "\(secret)", String(describing: secret), String(reflecting: secret), dumped, "\(token)",
            String(reflecting: token), dumpedToken, "\([secret])", "\(Optional(secret) as Any)",
            "\(Credential.password(token))",
        ]
        for print in prints {
            #expect(!print.contains("horse"))
        }
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test("gives its value to whoever asks by name")
    func reveals() {
        #expect(Redacted([1, 2, 3]).reveal() == [1, 2, 3])
    }
}

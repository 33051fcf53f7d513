import EnrollmentCore
import EnrollmentTestKit
import Testing

@testable import ManagementLink

@Suite("The answer of an authorise hook")
struct AuthoriseAnswerTests {
    private static func outcome(_ text: String) -> Result<AuthoriseAnswer, AuthoriseAnswer.Unreadable> {
        Result { () throws(AuthoriseAnswer.Unreadable) in try AuthoriseAnswer(reading: Array(text.utf8)) }
    }

    @Test("is a decision, and a reason or attributes with it")
    func reads() throws {
        let bare = try Self.outcome(#"{"decision":"allow"}"#).get()
        #expect(bare.decision == .allow)
        #expect(bare.reason == nil)
        #expect(bare.attributes.isEmpty)
        let no = try Self.outcome(#" {"reason":"Only\nlaptops.","decision":"deny","attributes":null} "#).get()
        #expect(no.decision == .deny)
        #expect(no.reason == "Only\nlaptops.")
        let yes = try Self.outcome(#"{"decision":"allow","attributes":{"site":"Oslo","asset":"4711"},"reason":null}"#)
            .get()
        #expect(yes.attributes == [Fact("site", "Oslo"), Fact("asset", "4711")])
    }

    @Test("is the example beside its schema")
    func example() throws {
        let text = try DocumentSchema.example("authorise-answer")
        #expect(try DocumentSchema("events/authorise-answer").findings(in: JSONDocument(parsing: text)).isEmpty)
        #expect(try Self.outcome(text).get().decision == .allow)
    }

    @Test(
        "is none when anything is missing, more, or of another kind",
        arguments: [
            "", "[]", "\"allow\"", "{}", #"{"decision":"Allow"}"#, #"{"decision":true}"#, #"{"decision":null}"#,
            #"{"decision":"allow","decision":"deny"}"#, #"{"decision":"allow","atributes":{}}"#,
            #"{"decision":"allow","reason":1}"#, #"{"decision":"allow","attributes":[]}"#,
            #"{"decision":"allow","attributes":{"a":1}}"#, #"{"decision":"allow","attributes":{"a":null}}"#,
            #"{"decision":"allow","attributes":{"a":{}}}"#, #"{"decision":"allow","attributes":{"":"x"}}"#,
            #"{"decision":"allow","attributes":{"a":"x","a":"y"}}"#,
            #"{"decision":"allow","attributes":{"a":"\u0007"}}"#,
            #"{"decision":"allow","attributes":{"a\n":"x"}}"#, #"{"decision":"allow"}{"decision":"deny"}"#,
        ]
    )
    func refuses(text: String) {
        #expect(throws: AuthoriseAnswer.Unreadable.self) { try Self.outcome(text).get() }
    }

    @Test("may be as large as said, and not larger")
    func limits() throws {
        func attributes(_ count: Int, name: Int = 4, value: Int = 1) -> String {
            let members = (0..<count).map { number in
                let digits = "\(number)"
                let name = String(repeating: "n", count: name - digits.utf8.count) + digits
                return #""\#(name)":"\#(String(repeating: "v", count: value))""#
            }
            return #"{"decision":"allow","attributes":{\#(members.joined(separator: ","))}}"#
        }
        #expect(try Self.outcome(attributes(32, name: 64, value: 1_024)).get().attributes.count == 32)
        #expect(throws: AuthoriseAnswer.Unreadable.self) { try Self.outcome(attributes(33)).get() }
        #expect(throws: AuthoriseAnswer.Unreadable.self) { try Self.outcome(attributes(1, name: 65)).get() }
        #expect(throws: AuthoriseAnswer.Unreadable.self) { try Self.outcome(attributes(1, value: 1_025)).get() }
        let blanks = String(repeating: " ", count: AuthoriseAnswer.largestBody - 20)
        #expect(try Self.outcome(#"{"decision":"allow"}"# + blanks).get().decision == .allow)
        #expect(throws: AuthoriseAnswer.Unreadable.self) { try Self.outcome(#"{"decision":"allow"} "# + blanks).get() }
    }
}

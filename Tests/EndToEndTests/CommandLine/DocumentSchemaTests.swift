import EnrollmentTestKit
import Testing

@Suite("The schemas of the documents")
struct DocumentSchemaTests {
    @Test("accept a problem as it is meant to be")
    func accepts() throws {
        let document = try JSONDocument(
            parsing: #"{"problem": {"code": "GH-FIND-001", "message": "m", "details": {"try": "t"}, "exit": 3}}"#
        )
        #expect(try DocumentSchema("problem").findings(in: document).isEmpty)
    }

    @Test(
        "refuse one with something missing, something more, or a value of another kind",
        arguments: [
            #"{}"#, #"[]"#, #"{"problem": null}"#, #"{"problem": {"code": "GH-FIND-001", "message": "m", "exit": 3}}"#,
            #"{"problem": {"code": "GH-FIND-001", "message": "m", "details": {}, "exit": 3, "more": 1}}"#,
            #"{"problem": {"code": "GH-FIND-001", "message": 1, "details": {}, "exit": 3}}"#,
            #"{"problem": {"code": "FIND-1", "message": "m", "details": {}, "exit": 3}}"#,
            #"{"problem": {"code": "GH-FIND-001", "message": "m", "details": {"a": []}, "exit": 3}}"#,
            #"{"problem": {"code": "GH-FIND-001", "message": "m", "details": {}, "exit": 7}}"#,
            #"{"problem": {"code": "GH-FIND-001", "message": "m", "details": {}, "exit": 3}, "more": {}}"#,
        ]
    )
    func refuses(text: String) throws {
        #expect(try !DocumentSchema("problem").findings(in: try JSONDocument(parsing: text)).isEmpty)
    }

    @Test(
        "use no keyword that the check does not know, and refuse an empty object",
        arguments: try DocumentSchema.names()
    )
    func known(name: String) throws {
        #expect(try !DocumentSchema(name).findings(in: .object([:])).isEmpty)
    }

    @Test("are for one document: two in a row are none")
    func oneDocument() {
        #expect(throws: (any Error).self) { try JSONDocument(parsing: "{}\n{}") }
        #expect(throws: (any Error).self) { try JSONDocument(parsing: "{} x") }
        #expect(throws: (any Error).self) { try JSONDocument(parsing: "") }
    }
}

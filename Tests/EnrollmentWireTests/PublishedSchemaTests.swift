import EnrollmentTestKit
import Foundation
import Testing

private let xmllint = "/usr/bin/xmllint"
private let canJudge = PublishedSampleTests.folder != nil && FileManager.default.isExecutableFile(atPath: xmllint)

/// Holds the golden answers to the published schemas, where a copy of those is at hand and xmllint is installed.
@Suite("Published schemas", .enabled(if: canJudge))
struct PublishedSchemaTests {
    @Test(
        "answers validate, envelope and body",
        arguments: [
            ("discover-response", "DiscoverResponse", "ms-mde2.xsd"),
            ("discover-response-federated", "DiscoverResponse", "ms-mde2.xsd"),
            ("policies-response", "GetPoliciesResponse", "ms-xcep.xsd"),
            ("token-response", "RequestSecurityTokenResponseCollection", "token.xsd"),
            ("fault-device-cap-reached", "s:Envelope", "soap-1.2.xsd"),
            ("fault-authentication", "s:Envelope", "soap-1.2.xsd"),
        ]
    )
    func validates(_ golden: String, _ element: String, _ schema: String) async throws {
        let text = try String(contentsOf: Corpus.folder.appending(path: "Golden/\(golden).xml"), encoding: .utf8)
        let start = try #require(text.range(of: "<\(element)")).lowerBound
        let end = try #require(text.range(of: "</\(element)>")).upperBound
        #expect(try await self.validates(text, against: "soap-1.2.xsd"))
        #expect(try await self.validates(String(text[start..<end]), against: schema))
    }

    @Test("the judge says no to an answer in the wrong order")
    func judges() async throws {
        let text = try String(
            contentsOf: Corpus.folder.appending(path: "Golden/policies-response.xml"),
            encoding: .utf8
        )
        let start = try #require(text.range(of: "<GetPoliciesResponse")).lowerBound
        let end = try #require(text.range(of: "</GetPoliciesResponse>")).upperBound
        let broken = text[start..<end].replacing("<cAs xsi:nil=\"true\"/>", with: "")
        #expect(try await !self.validates(String(broken), against: "ms-xcep.xsd"))
    }

    private func validates(_ document: String, against schema: String) async throws -> Bool {
        let schemas = try #require(PublishedSampleTests.folder).appending(path: "schemas").absoluteURL
        let scratch = FileManager.default.temporaryDirectory.appending(path: "gatehouse-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: scratch) } }
        func write(_ text: String, _ name: String) throws -> URL {
            let file = scratch.appending(path: name)
            try Data(text.utf8).write(to: file)
            return file
        }
        let catalog = try write(Self.catalog(schemas), "catalog.xml")
        _ = try write(Self.include, "xop.xsd")
        let token = try write(Self.token(schemas), "token.xsd")
        let judged = try await ExternalCommand.run(
            "env",
            [
                "XML_CATALOG_FILES=\(catalog.path())", xmllint, "--nonet", "--noout", "--schema",
                schema == "token.xsd" ? token.path() : schemas.appending(path: schema).path(),
                try write(document, "document.xml").path(),
            ]
        )
        return judged.status == 0
    }

    /// Leads imports by web address to the files at hand.
    private static func catalog(_ schemas: URL) -> String {
        let folder = schemas.absoluteString
        let base = folder.hasSuffix("/") ? folder : folder + "/"
        return """
            <catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
            <uri name="http://www.w3.org/2001/xml.xsd" uri="\(base)xml.xsd"/>
            <rewriteURI uriStartString="http://docs.oasis-open.org/wss/2004/01/" rewritePrefix="\(base)"/>
            <uri name="http://www.w3.org/TR/xmldsig-core/xmldsig-core-schema.xsd" uri="\(base)xmldsig-core-schema.xsd"/>
            <uri name="https://www.w3.org/2004/08/xop/include" uri="xop.xsd"/>
            <uri name="http://schemas.xmlsoap.org/ws/2004/09/policy/ws-policy.xsd" uri="\(base)ws-policy-200409.xsd"/>
            <uri name="http://www.w3.org/2006/03/addressing/ws-addr.xsd" uri="\(base)ws-addr-200508.xsd"/>
            </catalog>
            """
    }

    /// The one declaration that WS-Security needs of a schema that is not at hand.
    private static let include = """
        <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/2004/08/xop/include">
        <xs:element name="Include"/></xs:schema>
        """

    /// WS-Trust and the certificate enrollment extension together.
    private static func token(_ schemas: URL) -> String {
        """
        <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
        <xs:import namespace="http://docs.oasis-open.org/ws-sx/ws-trust/200512"
          schemaLocation="\(schemas.appending(path: "ws-trust-1.3.xsd").absoluteString)"/>
        <xs:import namespace="http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
          schemaLocation="\(schemas.appending(path: "ms-wstep.xsd").absoluteString)"/>
        </xs:schema>
        """
    }
}

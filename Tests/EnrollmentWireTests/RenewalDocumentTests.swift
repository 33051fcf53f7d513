import EnrollmentCore
import Testing
import XMLKit

@testable import EnrollmentWire

@Suite("Renewal document")
struct RenewalDocumentTests {
    private static let root = AuthorityCertificate(issuerID: "r", der: Array("root".utf8), isRoot: true)
    private static let issuing = AuthorityCertificate(issuerID: "i", der: Array("issuing".utf8), isRoot: false)
    private static let middle = AuthorityCertificate(issuerID: "m", der: Array("middle".utf8), isRoot: false)

    private func paths(_ authorities: [AuthorityCertificate], type: EnrollmentType = .full) throws -> [String] {
        let document = RenewalDocument(
            renewal: Example.renewal(into: type, authorities: authorities),
            providerID: "Gatehouse",
            authorityThumbprints: authorities.map { Example.thumbprint($0.der) }
        )
        return self.paths(try XMLDocument(parsing: document.octets()).root)
    }

    private func paths(_ element: XMLElement, under prefix: String = "") -> [String] {
        element.children.flatMap { child -> [String] in
            let path = "\(prefix)/\(child.attribute(child.localName == "parm" ? "name" : "type") ?? "?")"
            return [path] + self.paths(child, under: path)
        }
    }

    @Test("a device that has every authority gets its certificate and the account's name, and nothing else")
    func alone() throws {
        let thumbprint = String(repeating: "CD", count: 20)
        #expect(
            try self.paths([]) == [
                "/CertificateStore", "/CertificateStore/My", "/CertificateStore/My/User",
                "/CertificateStore/My/User/\(thumbprint)", "/CertificateStore/My/User/\(thumbprint)/EncodedCertificate",
                "/CertificateStore/My/User/\(thumbprint)/PrivateKeyContainer", "/APPLICATION", "/APPLICATION/APPID",
                "/APPLICATION/PROVIDER-ID",
            ]
        )
    }

    @Test(
        "new roots go to Root and other new authorities to CA, whatever their order",
        arguments: [
            ([Self.root], 1, 0), ([Self.issuing], 0, 1), ([Self.issuing, Self.root], 1, 1),
            ([Self.root, Self.middle, Self.issuing], 1, 2),
        ]
    )
    func authorities(_ authorities: [AuthorityCertificate], _ roots: Int, _ others: Int) throws {
        let paths = try self.paths(authorities)
        for (store, count) in [("Root", roots), ("CA", others)] {
            #expect(paths.contains("/CertificateStore/\(store)") == (count > 0))
            let certificates = paths.filter {
                $0.hasPrefix("/CertificateStore/\(store)/System/") && $0.hasSuffix("/EncodedCertificate")
            }
            #expect(certificates.count == count)
        }
        #expect(paths.filter { $0 == "/CertificateStore" }.count == 1)
    }

    @Test(
        "the certificate goes into the store it was enrolled into",
        arguments: [(EnrollmentType.full, "User"), (.device, "System")]
    )
    func store(_ type: EnrollmentType, _ store: String) throws {
        let stores = try self.paths([], type: type).filter { $0.split(separator: "/").count == 3 }
        #expect(stores == ["/CertificateStore/My/\(store)"])
    }

    @Test("an account's name of markup stays one value")
    func markup() throws {
        let document = RenewalDocument(
            renewal: Example.renewal(),
            providerID: "\"/><evil a='&",
            authorityThumbprints: []
        )
        let application = try XMLDocument(parsing: document.octets()).root.children.first {
            $0.attribute("type") == "APPLICATION"
        }
        #expect(application?.children.map { $0.attribute("value") } == ["w7", "\"/><evil a='&"])
    }
}

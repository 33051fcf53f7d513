import Testing
import XMLKit

/// An answer as a device reads it.
struct Answer {
    static let soap = "http://www.w3.org/2003/05/soap-envelope"
    static let addressing = "http://www.w3.org/2005/08/addressing"

    private let header: XMLElement
    let body: XMLElement

    init(_ octets: [UInt8]) throws {
        let root = try XMLDocument(parsing: octets).root
        #expect(root.matches("Envelope", in: Self.soap))
        self.header = try #require(root.first("Header", in: Self.soap))
        self.body = try #require(root.first("Body", in: Self.soap)?.children.first { _ in true })
    }

    var action: String? { self.header.first("Action", in: Self.addressing)?.text }
    var relatesTo: String? { self.header.first("RelatesTo", in: Self.addressing)?.text }
    var security: XMLElement? { self.header.first("Security") }
    var activity: XMLElement? {
        self.header.first("ActivityId", in: "http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics")
    }

    /// `response`, or the subcode of a fault and its ErrorType.
    var outcome: String {
        guard self.body.matches("Fault", in: Self.soap) else { return "response" }
        let subcode = self.body.first("Code")?.first("Subcode")?.first("Value")?.text ?? "no subcode"
        return [subcode, self.detail("ErrorType")].compactMap { $0 }.joined(separator: " ")
    }

    func detail(_ name: String) -> String? {
        self.body.first("Detail", in: Self.soap)?
            .first("DeviceEnrollmentServiceError", in: "http://schemas.microsoft.com/windows/pki/2009/01/enrollment")?
            .first(name)?.text
    }
}

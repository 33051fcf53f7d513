import EnrollmentCore
import EnrollmentWire
import Foundation
import Testing

@Suite("Context items")
struct ContextItemTests {
    /// Each item and how many characters its value may have.
    private static let limits = [
        ("DeviceName", 256), ("HWDevID", 256), ("OSVersion", 128), ("OSEdition", 128), ("ApplicationVersion", 128),
        ("DeviceType", 128), ("Locale", 128), ("Manufacturer", 256), ("DeviceModel", 256), ("SerialNumber", 256),
        ("MAC", 64), ("IMEI", 64), ("EmmDeviceId", 64), ("DeviceID", 128), ("DomainName", 4_096),
        ("FluxCapacitor", 4_096), ("RequestVersion", 4_096), ("AIKPub", 65_536), ("AIKAttestationClaim", 65_536),
        ("AadAIKAttestationClaim", 65_536), ("AADPub", 65_536), ("AzureAttestationBlob", 65_536),
        ("EnrollmentData", 65_536),
    ]

    /// A message whose only item of that name holds `value`.
    private func message(_ name: String, _ value: String) throws -> [UInt8] {
        let octets = try #require(Corpus.messages.first { $0.testDescription == "enrollment/windows-11-25h2" }).octets
        let text = String(decoding: octets, as: UTF8.self)
        let start = "<ac:ContextItem "
        var pieces = text.components(separatedBy: start)
        let head = pieces.removeFirst()
        let last = try #require(pieces.last)
        let end = try #require(last.range(of: "</ac:ContextItem>")?.upperBound)
        pieces[pieces.count - 1] = String(last[..<end])
        let others = pieces.filter { !$0.hasPrefix("Name=\"\(name)\"") }
        let item = "Name=\"\(name)\"><ac:Value>\(value)</ac:Value></ac:ContextItem>"
        return Array((head + (others + [item]).map { start + $0 }.joined() + last[end...]).utf8)
    }

    @Test("a value may be as long as its item needs and not one character longer", arguments: Self.limits)
    func lengths(_ name: String, _ limit: Int) async throws {
        for character in ["x", "ü"] {
            let longest = String(repeating: character, count: limit)
            let accepted = Journal()
            _ = await accepted.answer(try self.message(name, longest), to: "enrollment")
            #expect(accepted.requests.first?.claims.first(name) == longest)

            let refused = Journal()
            let response = await refused.answer(try self.message(name, longest + character), to: "enrollment")
            #expect(refused.requests.isEmpty)
            #expect(response.refusal?.code == .messageFormat)
            #expect(response.refusal?.rule == "enrollment.context-value")
            #expect(response.refusal?.facts.contains(Fact("item", name)) == true)
            #expect(refused.attempts.first?.rule == "enrollment.context-value")
        }
    }

    @Test("an EnrollmentType of novel length is refused for its length")
    func enrollmentType() async throws {
        let response = await Journal()
            .answer(try self.message("EnrollmentType", String(repeating: "x", count: 129)), to: "enrollment")
        #expect(response.refusal?.facts.contains(Fact("item", "EnrollmentType")) == true)
    }
}

import EnrollmentWire
import Testing

@Suite("Protocol versions")
struct ProtocolVersionTests {
    @Test("versions are ordered as decimals, not as text and not in pairs")
    func order() throws {
        let ascending = try ["0.5", "3", "3.05", "3.1", "3.10001", "4.0", "9.0", "10.0", "12.25"].map {
            try #require(ProtocolVersion($0))
        }
        #expect(ascending == ascending.sorted())
        #expect(Set(ascending).count == ascending.count)
    }

    @Test(
        "every spelling of a decimal is the same version",
        arguments: [
            ("3", "3.0"), ("+3.0", "3.0"), ("03.000000000", "3.0"), ("3.", "3.0"), (".5", "0.5"), ("3.25", "3.25"),
        ]
    )
    func spelling(_ text: String, _ expected: String) {
        #expect(ProtocolVersion(text)?.description == expected)
    }

    @Test(
        "the number made in code is the number read",
        arguments: [("3.0", 3, 0), ("9.5", 9, 5)] as [(String, UInt32, UInt32)]
    )
    func literal(_ text: String, _ major: UInt32, _ minor: UInt32) {
        #expect(ProtocolVersion(text) == ProtocolVersion(major, minor))
    }

    @Test(
        "what is not a decimal is refused",
        arguments: [
            "", ".", "+", "-3.0", "3.0.0", "3e0", " 3", "three", "1000000000", "3.0000001", "٣", "99999999999999999999",
        ]
    )
    func refused(_ text: String) {
        #expect(ProtocolVersion(text) == nil)
    }
}

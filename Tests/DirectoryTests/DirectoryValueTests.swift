internal import LDAPKit
internal import Testing

@testable internal import Directory

@Suite("Values read from a directory")
struct DirectoryValueTests {
    @Test(
        "a typed name is taken apart by its form",
        arguments: [
            ("kim@corp.example", LoginName.principal("kim@corp.example")),
            ("CORP\\kim", .qualified(domain: "CORP", account: "kim")),
            ("CORP\\\\kim", .qualified(domain: "CORP", account: "kim")),
            ("CORP\\kim@corp.example", .qualified(domain: "CORP", account: "kim@corp.example")),
            ("kim", .account("kim")),
            ("", nil), ("\\kim", nil), ("CORP\\", nil), ("CORP\\\\\\kim", nil), ("A\\B\\c", nil),
            (String(repeating: "x", count: LoginName.longest + 1), nil),
        ]
    )
    func loginName(typed: String, expected: LoginName?) {
        #expect(LoginName(typed) == expected)
    }

    @Test("objectGUID is written in the order Microsoft stores it ([MS-DTYP] § 2.3.4.2)")
    func objectGUID() {
        #expect(UniqueIdentifier(value: Array(0..<16))?.text == "03020100-0504-0706-0809-0a0b0c0d0e0f")
    }

    @Test("entryUUID becomes lowercase text; anything else is no id")
    func entryUUID() {
        let text = "6B1F0F0E-6F0C-4C2E-9F6F-0A51D7F0A5C1"
        #expect(UniqueIdentifier(value: Array(text.utf8))?.text == text.lowercased())
        for wrong in ["6b1f0f0e", "6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5cx", "6b1f0f0e 6f0c-4c2e-9f6f-0a51d7f0a5c1"] {
            #expect(UniqueIdentifier(value: Array(wrong.utf8)) == nil)
        }
        #expect(UniqueIdentifier(value: []) == nil)
    }

    @Test(
        "objectSid becomes text ([MS-DTYP] § 2.4.2.1), unless it is cut or of another revision",
        arguments: [
            ([1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0], "S-1-5-18"),
            ([1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0], "S-1-5-32-544"),
            ([1, 1, 0, 0, 0, 0, 0, 5, 255, 255, 255, 255], "S-1-5-4294967295"),
            ([1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0], nil),
            ([2, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0], nil),
            ([1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0, 0], nil),
            ([], nil),
        ] as [([UInt8], String?)]
    )
    func objectSid(octets: [UInt8], expected: String?) {
        #expect(SecurityIdentifier.text(octets) == expected)
    }

    @Test("the in-chain rule is asked for with the name escaped")
    func inChain() {
        #expect(
            GroupFinder.inChainFilter("CN=Kim (IT),DC=corp").text
                == "(&(objectClass=group)(member:1.2.840.113556.1.4.1941:=CN=Kim \\28IT\\29,DC=corp))"
        )
    }

    @Test(
        "a directory's time is read when it is in UTC and has seconds",
        arguments: [
            ("20261120080046.0Z", "2026-11-20T08:00:46Z"), ("20240229235959Z", "2024-02-29T23:59:59Z"),
            ("19700101000000.0Z", "1970-01-01T00:00:00Z"), ("20000301000000,5Z", "2000-03-01T00:00:00Z"),
            ("20261120080046+0100", nil), ("202611200800Z", nil), ("20261320080046Z", nil), ("20261120240046Z", nil),
            ("2026112008004xZ", nil), ("", nil),
        ]
    )
    func time(text: String, expected: String?) {
        #expect(DirectoryTime.moment(text).map { "\($0)" } == expected)
    }
}

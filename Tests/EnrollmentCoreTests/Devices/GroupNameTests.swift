import EnrollmentCore
import Testing

@Suite("A group's name")
struct GroupNameTests {
    @Test(
        "is the same whatever the case and the blanks around separators",
        arguments: [
            "cn=staff,dc=corp,dc=example", "CN=Staff,DC=Corp,DC=Example", "CN = Staff , DC = corp , DC = example",
            "  cn=staff,  dc=corp,dc=example  ",
        ]
    )
    func equal(text: String) {
        let reference = GroupName("cn=Staff,dc=corp,dc=example")
        #expect(GroupName(text) == reference)
        #expect(GroupName(text).hashValue == reference.hashValue)
        #expect(GroupName(text).text == text)
    }

    @Test(
        "is another where a value or the path differs",
        arguments: [
            "cn=staff,dc=corp", "cn=staffdc=corp,dc=example", "cn=st aff,dc=corp,dc=example",
            "cn=staff,dc=corp,dc=example,dc=org", "ou=staff,dc=corp,dc=example", "",
        ]
    )
    func different(text: String) {
        #expect(GroupName(text) != GroupName("cn=staff,dc=corp,dc=example"))
    }

    @Test("keeps blanks inside a value")
    func innerBlanks() {
        #expect(GroupName("cn=Domain Users") == GroupName("CN= domain users "))
        #expect(GroupName("cn=Domain Users") != GroupName("cn=DomainUsers"))
        #expect(GroupName("cn=a  b") != GroupName("cn=a b"))
    }
}

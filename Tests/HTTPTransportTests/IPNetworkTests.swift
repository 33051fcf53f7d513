import HTTPTransport
import Testing

@Suite("Network of addresses")
struct IPNetworkTests {
    @Test(
        "holds what begins with its bits, and an IPv4 address in whatever clothes",
        arguments: [
            ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false),
            ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false),
            ("192.0.2.6/31", "192.0.2.7", true), ("192.0.2.7/32", "::ffff:192.0.2.7", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false),
            ("2001:db8::/33", "2001:db8:8000::", false), ("2001:db8::1", "2001:DB8:0::0:1", true),
            ("::1", "::1", true), ("128.0.0.0/1", "200.1.1.1", true), ("128.0.0.0/1", "100.1.1.1", false),
            ("10.0.0.0/8", "2001:db8::1", false), ("::ffff:10.0.0.1", "10.0.0.1", true),
        ]
    )
    func holds(network: String, address: String, isHeld: Bool) throws {
        let network = try #require(IPNetwork(network))
        #expect(network.contains(try #require(IPAddress(address))) == isHeld)
    }

    @Test(
        "is nothing else",
        arguments: [
            "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/0", "::/0", "10.0.0.1/8", "10.0.0.0/08", "10.0.0.0/+8",
            "10.0.0.0/8/8", "10.0.0/8", "10.0.0.256", "010.0.0.1", " 10.0.0.1", "10.0.0.1 ", "proxy.example",
            "2001:db8::/129", "2001:db8::1/32", "[::1]", "fe80::1%eth0", "::ffff:10.0.0.0/104", "10.0.0.0/8000",
        ]
    )
    func refused(text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test(
        "is written in one way",
        arguments: [
            ("10.0.0.0/8", "10.0.0.0/8"), ("192.0.2.7/32", "192.0.2.7"), ("2001:DB8:0:0::/32", "2001:db8::/32"),
            ("::ffff:10.0.0.1", "10.0.0.1"), ("::1/128", "::1"),
        ]
    )
    func written(text: String, canonical: String) throws {
        #expect("\(try #require(IPNetwork(text)))" == canonical)
    }
}

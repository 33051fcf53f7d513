import CurlKit
import Glibc
import Testing

@Suite("Which addresses may be connected to")
struct AddressGuardTests {
    @Test(
        "this machine, neighbours, metadata services, groups and nobody are refused, in every spelling",
        arguments: [
            ("127.0.0.1", AddressGuard.Kind.loopback), ("127.200.3.4", .loopback), ("::1", .loopback),
            ("::ffff:127.0.0.1", .loopback), ("::127.0.0.1", .loopback), ("64:ff9b::7f00:1", .loopback),
            ("2002:7f00:1::", .loopback), ("169.254.7.7", .linkLocal), ("fe80::1", .linkLocal),
            ("febf::1", .linkLocal), ("::ffff:169.254.7.7", .linkLocal), ("169.254.169.254", .metadata),
            ("::ffff:169.254.169.254", .metadata), ("64:ff9b::a9fe:a9fe", .metadata), ("100.100.100.200", .metadata),
            ("fd00:ec2::254", .metadata), ("224.0.0.1", .multicast), ("239.255.255.255", .multicast),
            ("ff02::1", .multicast), ("0.0.0.0", .unspecified), ("0.1.2.3", .unspecified),
            ("255.255.255.255", .unspecified), ("240.0.0.1", .unspecified), ("::", .unspecified),
            ("::ffff:0.0.0.0", .unspecified),
        ]
    )
    func refused(text: String, kind: AddressGuard.Kind) throws {
        let address = try #require(Self.octets(text))
        #expect(AddressGuard().refusal(of: address) == kind)
        #expect(AddressGuard(allowing: [kind]).refusal(of: address) == nil)
    }

    @Test(
        "an organisation's own networks and the internet are not refused",
        arguments: [
            "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "8.8.8.8", "126.255.255.255", "128.0.0.1",
            "169.253.1.1", "fd12::1", "2001:db8::1", "64:ff9b::a00:1", "::ffff:10.0.0.1", "fec0::1",
        ]
    )
    func allowed(text: String) throws {
        #expect(AddressGuard().refusal(of: try #require(Self.octets(text))) == nil)
    }

    @Test("allowing neighbours does not allow the metadata service among them")
    func metadata() throws {
        let guarded = AddressGuard(allowing: [.linkLocal])
        #expect(guarded.refusal(of: try #require(Self.octets("169.254.169.254"))) == .metadata)
    }

    @Test("a network that is named is allowed, whatever its kind and spelling")
    func networks() throws {
        let guarded = AddressGuard(networks: [try #require(AddressNetwork("127.0.0.8/29"))])
        #expect(guarded.refusal(of: [127, 0, 0, 9]) == nil)
        #expect(guarded.refusal(of: [127, 0, 0, 15]) == nil)
        #expect(guarded.refusal(of: [127, 0, 0, 16]) == .loopback)
        #expect(guarded.refusal(of: try #require(Self.octets("::ffff:127.0.0.9"))) == nil)
        #expect(guarded.refusal(of: try #require(Self.octets("::1"))) == .loopback)
    }

    @Test(
        "a network is an address, and how much of it counts, zeros behind",
        arguments: ["10.0.0.0/8", "0.0.0.0/0", "10.1.2.3", "fd00::/8", "::1/128", "2001:db8::/33"]
    )
    func reads(text: String) {
        #expect(AddressNetwork(text) != nil)
    }

    @Test(
        "what is no network is not taken for one",
        arguments: [
            "", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/8/8", "010.0.0.0/8", "10.0.0/8",
            "fd00::/129", "fd00::1/8", "localhost", "10.0.0.0 /8", "127.1", "::1\u{0}",
        ]
    )
    func refusesText(text: String) {
        #expect(AddressNetwork(text) == nil)
    }

    /// The octets of an address, by way of the network that is only it.
    private static func octets(_ text: String) -> [UInt8]? {
        guard AddressNetwork(text) != nil else { return nil }
        var octets = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &octets) == 1 { return Array(octets.prefix(4)) }
        return inet_pton(AF_INET6, text, &octets) == 1 ? octets : nil
    }
}

import NIOCore
import Testing

@testable import HTTPTransport

@Suite("Source network")
struct SourceNetworkTests {
    private static func network(_ address: String) throws -> SourceNetwork {
        SourceNetwork(try SocketAddress(ipAddress: address, port: 1))
    }

    @Test(
        "addresses that one subscriber may hold count together, others apart",
        arguments: [
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("2001:db8::1", "2001:db8::ffff:1", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
            ("::ffff:10.0.0.1", "10.0.0.1", true),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.2", false),
            ("::1", "10.0.0.1", false),
        ]
    )
    func networks(one: String, other: String, together: Bool) throws {
        #expect(try (Self.network(one) == Self.network(other)) == together)
    }

    @Test("an unknown address is a source of its own kind")
    func unknown() {
        #expect(SourceNetwork(nil) == .other)
    }
}

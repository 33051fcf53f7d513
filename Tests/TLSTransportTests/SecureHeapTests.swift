import EnrollmentTestKit
import OpenSSLKit
import Testing

@Suite("Secure heap", .timeLimit(.minutes(10)))
struct SecureHeapTests {
    @Test(
        "a connection keeps no more of the locked heap than is set aside for it",
        arguments: ["X25519", "P-256", "P-384"]
    )
    func connections(group: String) async {
        // In a process of its own: the heap is everybody's.
        await #expect(processExitsWith: .success) { [group] in
            let count = 400
            SecureHeap.initialize(size: SecureHeap.size(forConnections: count))
            let authority = try await CommandLineAuthority()
            let credential = try await authority.server("gatehouse.example")
            let server = try TLSContext(
                server: TLSServerConfiguration(
                    identities: [try TLSIdentity(pem: credential.pem, privateKey: credential.key)],
                    ticketKeys: try TLSTicketKeys()
                )
            )
            let client = try TLSClientContext(
                trusting: try TLSIdentity.certificates(inPEM: authority.issuer.pem + authority.root.pem),
                groups: group
            )
            let before = SecureHeap.used
            var sessions: [TLSSession] = []
            for _ in 0..<count {
                let pair = Pair(
                    try TLSSession(server: server),
                    try TLSSession(client: client, serverName: "gatehouse.example")
                )
                try pair.connect()
                sessions.append(pair.server)
            }
            let taken = SecureHeap.used - before
            // OpenSSL 3.0 keeps the key, others may not.
            #expect(taken <= sessions.count * SecureHeap.octetsPerConnection)
            #expect(sessions.allSatisfy { $0.version == "TLSv1.3" })
        }
    }
}

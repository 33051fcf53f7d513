import EnrollmentTestKit
import OpenSSLKit

extension LoopbackClient {
    /// Performs a handshake over this connection as a client of `authority`.
    func secure(_ authority: CommandLineAuthority, name: String) async throws -> TLSSession {
        let anchors = try TLSIdentity.certificates(inPEM: authority.issuer.pem + authority.root.pem)
        let session = try TLSSession(client: try TLSClientContext(trusting: anchors), serverName: name)
        while true {
            let isComplete = try session.handshake()
            try await self.send(session.output())
            if isComplete { return session }
            try session.receive(try await self.receive())
        }
    }

    /// Sends what `session` has to send and reads until the plaintext holds `text`; `false` when the server closed first.
    func echo(through session: TLSSession, until text: String) async throws -> Bool {
        try await self.send(session.output())
        var plaintext: [UInt8] = []
        while true {
            plaintext += try session.drain().octets
            if String(decoding: plaintext, as: UTF8.self).contains(text) { return true }
            let more = try await self.receive()
            guard !more.isEmpty else { return false }
            try session.receive(more)
        }
    }
}

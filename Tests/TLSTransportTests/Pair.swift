import EnrollmentTestKit
import Foundation
import OpenSSLKit

/// A client's and a server's session joined in memory, and the network between them.
struct Pair {
    let server: TLSSession
    let client: TLSSession

    init(_ server: TLSSession, _ client: TLSSession) {
        self.server = server
        self.client = client
    }

    /// A server of `authority` called `gatehouse.example`, and a client that trusts it.
    init(
        _ authority: CommandLineAuthority,
        client identity: TLSIdentity? = nil,
        verifier: PeerCertificateVerifier? = nil
    ) async throws {
        let credential = try await authority.server("gatehouse.example")
        let context = try TLSContext(
            server: TLSServerConfiguration(
                identities: [try TLSIdentity(pem: credential.pem, privateKey: credential.key)],
                clientVerifier: try verifier ?? Self.verifier(authority),
                ticketKeys: try TLSTicketKeys()
            )
        )
        let anchors = try TLSIdentity.certificates(inPEM: authority.issuer.pem + authority.root.pem)
        let clientContext = try TLSClientContext(trusting: anchors, identity: identity)
        self.init(
            try TLSSession(server: context),
            try TLSSession(client: clientContext, serverName: "gatehouse.example")
        )
    }

    static func verifier(_ authority: CommandLineAuthority) throws -> PeerCertificateVerifier {
        try PeerCertificateVerifier(
            anchors: try TLSIdentity.certificates(inPEM: authority.root.pem),
            issuers: try TLSIdentity.certificates(inPEM: authority.issuer.pem)
        )
    }

    /// Completes the handshake on both sides.
    func connect(pieces: Int = .max) throws {
        var isConnected = (client: false, server: false)
        while !isConnected.client || !isConnected.server {
            isConnected.client = try self.client.handshake()
            try self.move(from: self.client, to: self.server, pieces: pieces)
            isConnected.server = try self.server.handshake()
            try self.move(from: self.server, to: self.client, pieces: pieces)
        }
        // The server's tickets are still on their way; reading takes them in.
        _ = try self.client.drain()
    }

    func move(from sender: TLSSession, to receiver: TLSSession, pieces: Int = .max) throws {
        var rest = sender.output()[...]
        while !rest.isEmpty {
            try receiver.receive(Array(rest.prefix(pieces)))
            rest = rest.dropFirst(pieces)
        }
    }
}

extension TLSSession {
    /// All ciphertext that waits to be sent.
    func output() -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: self.outputCount)
        _ = octets.withUnsafeMutableBytes { memory in
            var span = memory.mutableBytes
            return self.takeOutput(into: &span)
        }
        return octets
    }

    /// Takes in ciphertext.
    func receive(_ octets: [UInt8]) throws {
        try octets.withUnsafeBytes { try self.receive($0.bytes) }
    }

    /// Encrypts plaintext.
    func write(_ octets: [UInt8]) throws {
        try octets.withUnsafeBytes { try self.write($0.bytes) }
    }

    /// All plaintext that there is to read, and how it ended.
    @discardableResult
    func drain() throws -> (octets: [UInt8], end: TLSSession.Reading) {
        var octets: [UInt8] = []
        while true {
            var piece = [UInt8](repeating: 0, count: 16_384)
            let reading = try self.read(into: &piece)
            guard case .octets(let count) = reading else { return (octets, reading) }
            octets += piece.prefix(count)
        }
    }

    private func read(into piece: inout [UInt8]) throws -> Reading {
        try piece.withUnsafeMutableBytes { memory in
            var span = memory.mutableBytes
            return try self.read(into: &span)
        }
    }
}

func octets(of file: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: file)))
}

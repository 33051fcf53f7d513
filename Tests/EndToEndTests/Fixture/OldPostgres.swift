import EnrollmentTestKit
import Foundation
import Glibc

/// Speaks so much of PostgreSQL's protocol that a client is connected, as a server of an old version.
///
/// Whatever is asked then, it hangs up.
final class OldPostgres: Sendable {
    private static let secureRequest: UInt32 = 80_877_103
    private static let encryptionRequest: UInt32 = 80_877_104

    let port: UInt16
    private let listener: Int32

    /// - Parameter version: As the server names it, `12.22` for instance.
    /// - Throws: ``Place/Failure`` when there is no port.
    init(version: String) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let port = FreePort.find()
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafeBytes(of: &address) { octets in
            bind(
                descriptor,
                octets.assumingMemoryBound(to: sockaddr.self).baseAddress,
                socklen_t(octets.count)
            )
        }
        guard status == 0, listen(descriptor, 8) == 0 else {
            throw Place.Failure(description: "no port to listen on")
        }
        self.port = port
        self.listener = descriptor
        Thread.detachNewThread {
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0 else { break }
                Self.answer(client, version)
                close(client)
            }
            close(descriptor)
        }
    }

    deinit {
        // Wakes the thread, which closes it.
        shutdown(self.listener, Int32(SHUT_RDWR))
    }

    private static func answer(_ client: Int32, _ version: String) {
        // Requests for encryption come first, and are denied.
        while let length = Self.number(client), let code = Self.number(client) {
            guard code == Self.secureRequest || code == Self.encryptionRequest else {
                guard Self.read(client, Int(length) - 8) != nil else { return }
                break
            }
            Self.write(client, Array("N".utf8))
        }
        var message = Self.message("R", [0, 0, 0, 0])
        for (name, value) in [
            ("server_version", version), ("server_encoding", "UTF8"), ("client_encoding", "UTF8"),
            ("standard_conforming_strings", "on"), ("integer_datetimes", "on"), ("is_superuser", "off"),
        ] {
            message += Self.message("S", Array(name.utf8) + [0] + Array(value.utf8) + [0])
        }
        message += Self.message("K", [0, 0, 0, 1, 0, 0, 0, 1]) + Self.message("Z", Array("I".utf8))
        Self.write(client, message)
        // Until the client has said what it wants.
        _ = Self.read(client, 1)
    }

    private static func message(_ kind: Character, _ body: [UInt8]) -> [UInt8] {
        let length = UInt32(body.count + 4)
        let octets = (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
        return [kind.asciiValue ?? 0] + octets + body
    }

    private static func number(_ client: Int32) -> UInt32? {
        self.read(client, 4)?.reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func read(_ client: Int32, _ count: Int) -> [UInt8]? {
        guard count > 0 else { return count == 0 ? [] : nil }
        var octets = [UInt8](repeating: 0, count: count)
        var have = 0
        while have < count {
            let more = octets.withUnsafeMutableBytes {
                recv(client, $0.baseAddress?.advanced(by: have), count - have, 0)
            }
            guard more > 0 else { return nil }
            have += more
        }
        return octets
    }

    private static func write(_ client: Int32, _ octets: [UInt8]) {
        // A client that has gone is nothing to this server.
        _ = octets.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
}

import Glibc

/// A connection to 127.0.0.1 that never says a word.
final class SilentClient: Sendable {
    private let descriptor: Int32

    init(port: Int) {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafeBytes(of: &address) { octets in
            connect(
                self.descriptor,
                octets.assumingMemoryBound(to: sockaddr.self).baseAddress,
                socklen_t(octets.count)
            )
        }
        precondition(status == 0, "nobody listens")
    }

    deinit {
        close(self.descriptor)
    }
}

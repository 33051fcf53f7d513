internal import Glibc

/// A port on 127.0.0.1 that takes connections and never says a word.
public final class SilentListener: Sendable {
    public let port: UInt16
    let descriptor: Int32

    public init() {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let bound = bind(descriptor, address, length)
                // The kernel completes connections up to the backlog; nobody ever accepts one.
                return bound == 0 && listen(descriptor, 64) == 0 ? getsockname(descriptor, address, &length) : -1
            }
        }
        precondition(status == 0, "no port to listen on")
        self.descriptor = descriptor
        self.port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(self.descriptor)
    }
}

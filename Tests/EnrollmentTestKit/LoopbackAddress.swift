internal import Glibc

/// 127.0.0.1 for sockets that tests make themselves.
enum LoopbackAddress {
    private static func with<Result>(
        port: UInt16,
        _ body: (UnsafeMutablePointer<sockaddr>, inout socklen_t) -> Result
    ) -> (Result, UInt16) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
        return (result, UInt16(bigEndian: address.sin_port))
    }

    /// Binds the socket to a port and listens.
    ///
    /// A port that the kernel chose (0) is lost when the socket stops listening for a while; one that was asked for stays,
    /// and can be listened on again beside connections that were taken before.
    static func listen(_ descriptor: Int32, port: UInt16 = 0) -> UInt16? {
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        let (status, port) = self.with(port: port) { address, length in
            bind(descriptor, address, length) == 0 && Glibc.listen(descriptor, 128) == 0
                ? getsockname(descriptor, address, &length) : -1
        }
        return status == 0 ? port : nil
    }

    static func canBind(_ descriptor: Int32, port: UInt16) -> Bool {
        self.with(port: port) { bind(descriptor, $0, $1) }.0 == 0
    }

    static func connect(to port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        guard self.with(port: port, { Glibc.connect(descriptor, $0, $1) }).0 == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}

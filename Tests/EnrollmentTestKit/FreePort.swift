internal import Glibc

/// Ports on 127.0.0.1 for servers that have to be told theirs.
///
/// They come from below the range that the kernel gives to outgoing connections, so that a server that is stopped for a
/// while finds its port free again.
public enum FreePort {
    /// A port that nobody listened on just now.
    public static func find() -> UInt16 {
        while true {
            let port = UInt16.random(in: 15_000..<32_000)
            if self.isFree(port) { return port }
        }
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        return LoopbackAddress.canBind(descriptor, port: port)
    }
}

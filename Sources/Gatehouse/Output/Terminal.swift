import Glibc

/// Where a command's words go: data on standard output, everything else on standard error.
enum Terminal {
    static func write(_ text: String) {
        self.write(text, to: STDOUT_FILENO)
    }

    static func explain(_ text: String) {
        self.write(text, to: STDERR_FILENO)
    }

    static var errorIsInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    private static func write(_ text: String, to descriptor: Int32) {
        var octets = Array(text.utf8)[...]
        while !octets.isEmpty {
            let count = octets.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            // The reader has gone, as in `| head`: there is nobody left to tell.
            guard count > 0 || errno == EINTR else { return }
            octets = octets.dropFirst(max(count, 0))
        }
    }
}

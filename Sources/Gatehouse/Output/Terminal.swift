import Glibc

/// Where a command's words go: data on standard output, everything else on standard error.
enum Terminal {
    static func write(_ text: String) {
        self.write(text, to: STDOUT_FILENO)
    }

    static func write(_ octets: [UInt8]) {
        octets.withUnsafeBytes { self.write($0, to: STDOUT_FILENO) }
    }

    static func explain(_ text: String) {
        self.write(text, to: STDERR_FILENO)
    }

    static var errorIsInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { self.write(UnsafeRawBufferPointer($0), to: descriptor) }
    }

    private static func write(_ octets: UnsafeRawBufferPointer, to descriptor: Int32) {
        var rest = octets[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            // The reader has gone, as in `| head`: there is nobody left to tell.
            guard count > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}

internal import COpenSSL

/// A failed OpenSSL call and everything the library said about it.
public struct OpenSSLError: Error, Hashable, Sendable {
    /// One entry of the thread's error queue, oldest first.
    public struct Entry: Hashable, Sendable {
        /// The packed library and reason code, as `openssl errstr` takes it.
        public let code: UInt
        public let reason: String
    }

    /// The C function that failed, spelled as in the manual pages.
    public let operation: String
    public let entries: [Entry]

    /// Takes the calling thread's queue, leaving it empty.
    ///
    /// Build it in the same synchronous stretch as the failing call: after a suspension the task may resume on a
    /// thread whose queue belongs to somebody else.
    init(during operation: String) {
        self.operation = operation
        self.entries = Self.drainQueue()
    }

    private static func drainQueue() -> [Entry] {
        var entries: [Entry] = []
        while true {
            let code = ERR_get_error()
            guard code != 0 else { return entries }
            let reason = ERR_reason_error_string(code).map { String(cString: $0) } ?? "unknown reason"
            entries.append(Entry(code: code, reason: reason))
        }
    }
}

extension OpenSSLError: CustomStringConvertible {
    public var description: String {
        let reasons = self.entries.map(\.reason).joined(separator: "; ")
        return reasons.isEmpty ? "\(self.operation) gave no reason" : "\(self.operation): \(reasons)"
    }
}

/// Turns OpenSSL's two ways of saying no into one typed error.
enum OpenSSL {
    static func unwrap<Pointer>(_ pointer: Pointer?, _ operation: String) throws(OpenSSLError) -> Pointer {
        guard let pointer else { throw OpenSSLError(during: operation) }
        return pointer
    }

    static func check(_ status: CInt, _ operation: String) throws(OpenSSLError) {
        guard status > 0 else { throw OpenSSLError(during: operation) }
    }
}

package import Logging
package import ServiceRuntime

/// What answers certain requests: where they go, by which methods, with which kinds of body, and how.
package struct Route: Sendable {
    /// Where a route applies; paths are compared after percent-decoding.
    package enum Path: Hashable, Sendable {
        case exact(String)
        /// For addresses that Windows clients write in whatever case they please.
        case anyCase(String)
        /// The path and everything that starts with it, as in `/pki/crl/`; exact routes win, then the longest prefix.
        case prefix(String)
    }

    /// How an answer comes about.
    package enum Handler: Sendable {
        /// Answers on the event loop itself, at once: for what computes for microseconds and never waits.
        case immediate(@Sendable (HTTPRequest, Logger) -> HTTPResponse)
        /// Answers in a task of its own, a child of the listener, cancelled when the drain period ends.
        ///
        /// It is not cancelled because its client went away: what it has begun to record, it finishes.
        case asynchronous(@Sendable (HTTPRequest, Logger) async -> HTTPResponse)
        /// Asks the first closure as ``immediate(_:)`` does and, when it has no answer at hand, the second as
        /// ``asynchronous(_:)`` does: for answers that are mostly kept ready, such as those of OCSP.
        case eitherWay(
            atOnce: @Sendable (HTTPRequest, Logger) -> HTTPResponse?,
            later: @Sendable (HTTPRequest, Logger) async -> HTTPResponse
        )
        /// As ``eitherWay(atOnce:later:)``, for answers that may wait for something to happen: the signal is raised when
        /// nobody waits for the answer any more, because the client has gone or closed its side, or the listener drains.
        case patient(
            atOnce: @Sendable (HTTPRequest, Logger) -> HTTPResponse?,
            later: @Sendable (HTTPRequest, Logger, ShutdownSignal) async -> HTTPResponse
        )
    }

    package let methods: [HTTPMethod]
    package let path: Path
    /// Media types a body may have, in lower case and without parameters; empty takes any, or none.
    package let acceptedTypes: [String]
    /// Whether `%2F` may stand for a slash in what follows a prefix, as it does in OCSP's base64 (RFC 6960 § A.1).
    package let takesEncodedSlashes: Bool
    package let handler: Handler

    /// - Parameters:
    ///   - methods: What it answers; GET brings HEAD along.
    ///   - path: Where it applies.
    ///   - acceptedTypes: Media types a body may have; other bodies are told 415. A request without a body is let through.
    ///   - takesEncodedSlashes: Whether the rest of a prefix route may hold `%2F`; everywhere else that is a 400.
    ///   - handler: How it answers.
    package init(
        _ methods: [HTTPMethod],
        _ path: Path,
        accepting acceptedTypes: [String] = [],
        takesEncodedSlashes: Bool = false,
        handler: Handler
    ) {
        self.methods = methods
        self.path = path
        self.acceptedTypes = acceptedTypes
        self.takesEncodedSlashes = takesEncodedSlashes
        self.handler = handler
    }

    /// Whether a path whose first encoded slash is at `position` is meant for this route; one inside the prefix is not.
    func takesEncodedSlash(at position: Int) -> Bool {
        guard self.takesEncodedSlashes, case .prefix(let prefix) = self.path else { return false }
        return position >= prefix.utf8.count
    }

    func answers(_ method: HTTPMethod) -> Bool {
        self.methods.contains(method) || (method == .head && self.methods.contains(.get))
    }

    func accepts(_ head: RequestHead) -> Bool {
        guard !self.acceptedTypes.isEmpty, head.bodyLength > 0 else { return true }
        guard let field = head.headers["Content-Type"] else { return false }
        let octets = Array(field.utf8.prefix { $0 != UInt8(ascii: ";") })
        let type = octets[ASCII.trimmed(octets, 0..<octets.count)]
        return self.acceptedTypes.contains { accepted in
            accepted.utf8.count == type.count && zip(accepted.utf8, type).allSatisfy { $0 == ASCII.lowercased($1) }
        }
    }
}

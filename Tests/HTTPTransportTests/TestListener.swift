import HTTPTransport
import Logging
import ServiceRuntime
import TLSTransport

/// Runs a listener on a port of its own for the time of `body`, and then stops it.
func withListener<Result: Sendable>(
    _ routes: [Route],
    port: Int = 0,
    tls: TLSContextSource? = nil,
    limits: HTTPLimits = .patient,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    _ body: @Sendable (HTTPListener, ShutdownSignal) async throws -> Result
) async throws -> Result {
    let listener = try await HTTPListener.bind(
        name: "test",
        host: "127.0.0.1",
        port: port,
        tls: tls,
        router: Router(routes),
        limits: limits,
        logger: logger
    )
    let shutdown = ShutdownSignal()
    return try await withThrowingTaskGroup { group in
        group.addTask { try await listener.run(until: shutdown) }
        let result = try await body(listener, shutdown)
        shutdown.raise()
        try await group.waitForAll()
        return result
    }
}

/// Routes that tests ask for.
enum TestRoutes {
    static let hello = Route([.get], .exact("/hello"), handler: .immediate { _, _ in .text(200, "hello") })

    static let echo = Route(
        [.post],
        .exact("/echo"),
        accepting: ["text/plain"],
        handler: .asynchronous { request, _ in HTTPResponse(contentType: "text/plain", body: request.body) }
    )

    static let long = Route(
        [.get],
        .exact("/long"),
        handler: .immediate { _, _ in
            HTTPResponse(contentType: "text/plain", body: [UInt8](repeating: UInt8(ascii: "x"), count: 3_000_000))
        }
    )

    /// Says who asked, as the handler sees it.
    static let whoami = Route(
        [.get],
        .exact("/whoami"),
        handler: .immediate { request, _ in
            let certificate =
                switch request.clientCertificate {
                case .none: "none"
                case .verified: "verified"
                case .unverified(_, let reason): "unverified: \(reason)"
                }
            return .text(200, "\(request.remoteAddress) tls=\(request.isTLS) \(certificate)")
        }
    )
}

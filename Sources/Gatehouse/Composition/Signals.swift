// A source is cancelled from another task than the one that made it, which libdispatch allows and its module does not say.
@preconcurrency import Dispatch
import Glibc
import ServiceRuntime

/// Turns SIGTERM and SIGINT into the shutdown signal, and SIGHUP into calls of `reload`.
///
/// They are caught from the moment this is made, before the store is opened and anybody can connect: one that came earlier
/// than ``run(until:)`` would end the process without the store being closed.
struct Signals: Service {
    let name = "signals"
    private let sources: [any DispatchSourceSignal]
    private let hangups: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    /// Raised by SIGTERM and SIGINT.
    let shutdown = ShutdownSignal()
    /// Called for each SIGHUP, of several that come meanwhile for the last.
    var reload: @Sendable () async -> Void = {}

    init() {
        let (hangups, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let queue = DispatchQueue(label: "gatehouse.signals")
        let shutdown = self.shutdown
        self.sources = [
            Self.source(SIGTERM, on: queue) { shutdown.raise() },
            Self.source(SIGINT, on: queue) { shutdown.raise() },
            Self.source(SIGHUP, on: queue) { continuation.yield() },
        ]
        self.hangups = hangups
        self.continuation = continuation
    }

    func run(until shutdown: ShutdownSignal) async throws {
        defer { self.sources.forEach { $0.cancel() } }
        await withDiscardingTaskGroup { group in
            group.addTask {
                await shutdown.wait()
                self.continuation.finish()
            }
            for await _ in self.hangups { await self.reload() }
        }
    }

    private static func source(
        _ number: Int32,
        on queue: DispatchQueue,
        _ body: @escaping @Sendable () -> Void
    ) -> any DispatchSourceSignal {
        // The default action would end the process before the source hears of it.
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler(handler: body)
        source.resume()
        return source
    }
}

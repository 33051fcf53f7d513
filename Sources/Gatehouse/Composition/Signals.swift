import Dispatch
import Glibc
import ServiceRuntime

/// Turns SIGTERM and SIGINT into the shutdown signal, and SIGHUP into calls of `reload`.
struct Signals: Service {
    let name = "signals"
    let reload: @Sendable () async -> Void

    func run(until shutdown: ShutdownSignal) async throws {
        let (hangups, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let queue = DispatchQueue(label: "gatehouse.signals")
        let sources = [
            Self.source(SIGTERM, on: queue) { shutdown.raise() },
            Self.source(SIGINT, on: queue) { shutdown.raise() },
            Self.source(SIGHUP, on: queue) { continuation.yield() },
        ]
        defer { sources.forEach { $0.cancel() } }
        await withDiscardingTaskGroup { group in
            group.addTask {
                await shutdown.wait()
                continuation.finish()
            }
            for await _ in hangups { await self.reload() }
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

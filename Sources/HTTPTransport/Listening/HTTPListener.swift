package import Logging
internal import NIOCore
internal import NIOPosix
package import ServiceRuntime
package import TLSTransport

/// One address on which requests are taken and answered.
///
/// It is bound when made, so that an address in use is found out before anything has started, and accepts connections
/// once it runs. To stop: accept no more, answer what is in flight with `Connection: close`, close idle connections at
/// once, and when the drain period is over, cancel.
package final class HTTPListener: Service {
    package let name: String
    /// The port bound, which the system chose when 0 was asked for.
    package let port: Int

    private let server: any Channel
    private let core: ListenerCore
    private let pending: AsyncStream<PendingRequest>

    /// Binds an address.
    ///
    /// - Parameters:
    ///   - name: Names the service, and the listener in its log lines.
    ///   - host: An address or a name of this machine.
    ///   - port: 0 for any that is free.
    ///   - tls: Where each new connection gets its certificates from; `nil` for plain HTTP.
    ///   - routes: What is served.
    ///   - limits: What clients are granted.
    ///   - logger: Gets one line per request at info, and what clients do wrong below HTTP at debug.
    /// - Returns: A listener whose ``port`` is known and that accepts nobody before it runs.
    /// - Throws: ``HTTPListenerError`` when the address cannot be had.
    package static func bind(
        name: String,
        host: String,
        port: Int,
        tls: TLSContextSource? = nil,
        routes: RouterSource,
        limits: HTTPLimits = HTTPLimits(),
        logger: Logger
    ) async throws(HTTPListenerError) -> HTTPListener {
        var logger = logger
        logger[metadataKey: "listener"] = "\(name)"
        let (pending, continuation) = AsyncStream<PendingRequest>.makeStream()
        let core = ListenerCore(
            routes: routes,
            limits: limits,
            logger: logger,
            census: ConnectionCensus(limits: limits),
            writer: ResponseWriter(),
            pending: continuation,
            bodies: BodyBudget(limit: limits.bodyBudget)
        )
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(ChannelOptions.backlog, value: 1024)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(ChannelOptions.autoRead, value: false)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try Self.receive(channel, core, tls) }
            }
        do {
            let server = try await bootstrap.bind(host: host, port: port).get()
            return HTTPListener(name, server, core, pending)
        } catch {
            throw HTTPListenerError(host: host, port: port, reason: String(describing: error))
        }
    }

    /// As above, for what is served for good.
    package static func bind(
        name: String,
        host: String,
        port: Int,
        tls: TLSContextSource? = nil,
        router: Router,
        limits: HTTPLimits = HTTPLimits(),
        logger: Logger
    ) async throws(HTTPListenerError) -> HTTPListener {
        try await self.bind(
            name: name,
            host: host,
            port: port,
            tls: tls,
            routes: RouterSource(router),
            limits: limits,
            logger: logger
        )
    }

    private init(_ name: String, _ server: any Channel, _ core: ListenerCore, _ pending: AsyncStream<PendingRequest>) {
        self.name = name
        self.server = server
        self.port = server.localAddress?.port ?? 0
        self.core = core
        self.pending = pending
    }

    private static func receive(_ channel: any Channel, _ core: ListenerCore, _ tls: TLSContextSource?) throws {
        let admission = core.census.admit(channel)
        guard admission != .dropped else { return channel.close(promise: nil) }
        do {
            if let tls {
                let handler = try tls.makeHandler(handshakeTime: TimeAmount(core.limits.handshakeTime))
                try channel.pipeline.syncOperations.addHandler(handler)
            }
            let connection = HTTPConnection(
                core: core,
                admission: admission,
                isTLS: tls != nil,
                source: channel.remoteAddress?.ipAddress ?? "unknown"
            )
            try channel.pipeline.syncOperations.addHandler(connection)
        } catch {
            core.census.leave(channel)
            throw error
        }
    }

    /// Connections being served at this moment.
    package var connectionCount: Int { self.core.census.served }

    /// Serves until `shutdown` is raised or the task is cancelled, and then drains.
    ///
    /// - Throws: When the listening socket cannot be used any more.
    package func run(until shutdown: ShutdownSignal) async throws {
        try await self.server.setOption(ChannelOptions.autoRead, value: true).get()
        self.core.logger.info("listening", metadata: ["port": "\(self.port)"])
        await withDiscardingTaskGroup { group in
            group.addTask {
                await shutdown.wait()
                await self.drain()
                self.core.pending.finish()
            }
            for await request in self.pending {
                group.addTask { await request.answer() }
            }
            // Only those that outlasted the drain period are still there.
            group.cancelAll()
        }
    }

    private func drain() async {
        // It fails when the socket is closed already, which is what is wanted.
        try? await self.server.close().get()
        self.core.census.drain()
        await withTaskGroup { group in
            group.addTask { await self.core.census.emptied.wait() }
            // Cancellation ends the wait early, and that is its purpose.
            group.addTask { try? await Task.sleep(for: self.core.limits.drainTime) }
            await group.next()
            group.cancelAll()
        }
        self.core.census.abort()
    }
}

/// Something that runs until it is told to stop.
public protocol Service: Sendable {
    /// A short name for logs.
    var name: String { get }

    /// Returns after a clean stop; throws when it cannot go on.
    func run(until shutdown: ShutdownSignal) async throws
}

/// Runs services as siblings: the first to throw cancels the rest, and the signal lets them all finish.
public struct ServiceGroup: Sendable {
    private let services: [any Service]

    public init(_ services: [any Service]) {
        self.services = services
    }

    /// Returns when every service has stopped.
    ///
    /// - Throws: The error of the first service that could not go on, after its siblings were cancelled and have ended.
    public func run(until shutdown: ShutdownSignal) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for service in self.services {
                group.addTask { try await service.run(until: shutdown) }
            }
        }
    }
}

extension Service {
    /// Runs `round` again and again with a pause in between, until the signal is raised; a round that has begun is
    /// finished first.
    public func repeatedly(
        every pause: Duration,
        until shutdown: ShutdownSignal,
        _ round: @escaping @Sendable () async -> Void
    ) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    await round()
                    // A cancelled sleep is the end of the wait, which is all it is for.
                    try? await Task.sleep(for: pause)
                }
            }
            await shutdown.wait()
            group.cancelAll()
        }
    }
}

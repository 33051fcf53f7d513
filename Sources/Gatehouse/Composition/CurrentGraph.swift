import Directory
import ServiceRuntime
import Synchronization

/// The graph that requests are answered by; a reload replaces it between two requests.
final class CurrentGraph: Sendable {
    /// One graph, and the signal that it was replaced.
    struct Generation: Sendable {
        let graph: ServiceGraph
        let retired = ShutdownSignal()
    }

    private let state: Mutex<Generation>

    init(_ graph: ServiceGraph) {
        self.state = Mutex(Generation(graph: graph))
    }

    var generation: Generation { self.state.withLock { $0 } }

    var value: ServiceGraph { self.generation.graph }

    func replace(with graph: ServiceGraph) {
        let next = Generation(graph: graph)
        let former = self.state.withLock { state in
            defer { state = next }
            return state
        }
        former.retired.raise()
    }
}

/// Lets the directory adapter of the graph in effect look after its connections.
struct DirectoryWatch: Service {
    let name = "directory"
    let current: CurrentGraph

    func run(until shutdown: ShutdownSignal) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                await shutdown.wait()
                self.current.generation.retired.raise()
            }
            while !shutdown.isRaised {
                let generation = self.current.generation
                try await generation.graph.verifier.run(until: generation.retired)
            }
        }
    }
}

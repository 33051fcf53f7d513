import Synchronization

/// The graph that requests are answered by; a reload replaces it between two requests.
final class CurrentGraph: Sendable {
    private let graph: Mutex<ServiceGraph>

    init(_ graph: ServiceGraph) {
        self.graph = Mutex(graph)
    }

    var value: ServiceGraph { self.graph.withLock { $0 } }

    func replace(with graph: ServiceGraph) {
        self.graph.withLock { $0 = graph }
    }
}

internal import NIOCore
internal import ServiceRuntime
internal import Synchronization

/// Counts a listener's connections, turns away those too many, and reaches all of them when it is time to stop.
final class ConnectionCensus: Sendable {
    /// How a new connection is received.
    enum Admission: Hashable, Sendable {
        case served
        /// Too many: it will be told so, which costs us a handshake, and closed.
        case refused
        /// Far too many, or stopping: closed without a word.
        case dropped
    }

    private struct State {
        var members: [ObjectIdentifier: (channel: any Channel, source: SourceNetwork, isServed: Bool)] = [:]
        var served = 0
        var perSource: [SourceNetwork: Int] = [:]
        var isDraining = false
    }

    /// Clients told 503 at the same time, at most: a courtesy that must not become the load it guards against.
    private static let refusalsAtOnce = 32

    private let limits: HTTPLimits
    private let state = Mutex(State())
    /// Raised when the listener is draining and the last connection has gone.
    let emptied = ShutdownSignal()

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    func admit(_ channel: any Channel) -> Admission {
        let source = SourceNetwork(channel.remoteAddress)
        return self.state.withLock { state in
            guard !state.isDraining else { return .dropped }
            let fromSource = state.perSource[source, default: 0]
            let isServed = state.served < self.limits.connections && fromSource < self.limits.connectionsPerSource
            if isServed {
                state.served += 1
                state.perSource[source] = fromSource + 1
            } else if state.members.count - state.served >= Self.refusalsAtOnce {
                return .dropped
            }
            state.members[ObjectIdentifier(channel)] = (channel, source, isServed)
            return isServed ? .served : .refused
        }
    }

    func leave(_ channel: any Channel) {
        let isLast = self.state.withLock { state in
            guard let member = state.members.removeValue(forKey: ObjectIdentifier(channel)) else { return false }
            if member.isServed {
                state.served -= 1
                let left = state.perSource[member.source, default: 1] - 1
                state.perSource[member.source] = left > 0 ? left : nil
            }
            return state.isDraining && state.members.isEmpty
        }
        if isLast { self.emptied.raise() }
    }

    /// Admits nobody from now on and asks everyone to finish.
    func drain() {
        let channels = self.state.withLock { state in
            state.isDraining = true
            return state.members.values.map(\.channel)
        }
        if channels.isEmpty { self.emptied.raise() }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ConnectionOrder.finish) }
    }

    /// Ends the connections that are left.
    func abort() {
        let channels = self.state.withLock { state in state.members.values.map(\.channel) }
        for channel in channels { channel.close(promise: nil) }
    }

    /// Connections being served.
    var served: Int { self.state.withLock { $0.served } }
}

/// What a listener tells its connections, as an event in their pipelines.
enum ConnectionOrder: Sendable {
    /// Answer what is in flight, then close; close at once when nothing is.
    case finish
}

internal import Foundation
internal import Synchronization

/// A relay on 127.0.0.1 in front of a server on 127.0.0.1 that breaks connections when and where it is told to.
public final class TCPProxy: Sendable {
    /// What becomes of connections.
    public enum Mode: Hashable, Sendable {
        /// Octets pass both ways.
        case forward
        /// Nothing passes, nothing is closed: a machine that hangs or a cable that is out.
        case stall
        /// As ``stall``, but only what the server says; it gets what it is sent.
        case stallAnswers
        /// Connections that are there stay; new ones are refused by the kernel.
        case refuse
    }

    /// Where to cut a connection that carries certain octets to the server.
    public enum Moment: Hashable, Sendable {
        /// The server gets what came before the octets, and not them.
        case beforeForwarding
        /// The server gets them and has done what they say; the client hears nothing of it.
        case beforeAnswering
    }

    private let shared: ProxyState
    public let port: UInt16

    /// Starts to listen.
    ///
    /// - Parameter target: The server's port.
    public init(to target: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var port: UInt16?
        for _ in 0..<20 where port == nil { port = LoopbackAddress.listen(descriptor, port: FreePort.find()) }
        precondition(port != nil, "no port to listen on")
        self.port = port ?? 0
        let shared = ProxyState(target: target, listener: descriptor)
        self.shared = shared
        Thread.detachNewThread { shared.acceptUntilClosed() }
    }

    deinit {
        self.shared.close()
    }

    /// What becomes of connections from now on, also of those that are there.
    public var mode: Mode {
        get { self.shared.mode }
        set { self.shared.change(to: newValue) }
    }

    /// How many connections have been taken so far.
    public var accepted: Int { self.shared.accepted.load(ordering: .relaxed) }

    /// How many times octets that the client sent came after octets that the server sent, over all connections.
    ///
    /// For a client that speaks first this is the number of its round trips as the network sees them.
    public var turns: Int { self.shared.turns.load(ordering: .relaxed) }

    /// Ends all connections that are there.
    public func cutAll() {
        self.shared.cutAll()
    }

    /// Plans to cut the connection that next carries `octets` to the server; once.
    ///
    /// - Parameters:
    ///   - octets: The octets to look for, wherever the network has parted them; 256 at most.
    ///   - marker: Octets that have to have passed on the same connection before; 256 at most.
    ///   - moment: Where exactly to cut.
    public func cut(at octets: [UInt8], after marker: [UInt8] = [], _ moment: Moment) {
        precondition(!octets.isEmpty, "nothing to look for")
        let number = self.shared.plans.add(1, ordering: .relaxed).newValue
        self.shared.plan.withLock {
            $0 = ProxyState.Plan(number: number, marker: marker, octets: octets, moment: moment)
        }
    }

    /// Plans to cut the connection whose client speaks next but so many times after the server has spoken; once.
    ///
    /// - Parameters:
    ///   - turn: 1 for the very next time, over all connections.
    ///   - moment: Where exactly to cut.
    public func cut(atTurn turn: Int, _ moment: Moment) {
        precondition(turn > 0, "turns count from 1")
        self.shared.turnPlan.withLock { $0 = ProxyState.TurnPlan(left: turn, moment: moment) }
    }

    /// Takes back what ``cut(atTurn:_:)`` planned.
    ///
    /// - Returns: Whether it had been carried out.
    public func disarm() -> Bool {
        self.shared.turnPlan.withLock { $0.take() == nil }
    }

    /// Whether the cut that was planned last is still to come.
    public var isCutPending: Bool { self.shared.plan.withLock { $0 != nil } }
}

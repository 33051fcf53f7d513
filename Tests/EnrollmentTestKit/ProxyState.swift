internal import Foundation
internal import Synchronization

/// What a ``TCPProxy``'s threads share; they keep it, and not the proxy, alive.
final class ProxyState: Sendable {
    struct Plan: Sendable {
        /// Tells plans apart.
        let number: Int
        /// What has to have passed before on the same connection; empty for nothing.
        let marker: [UInt8]
        let octets: [UInt8]
        let moment: TCPProxy.Moment
    }

    struct TurnPlan: Sendable {
        var left: Int
        let moment: TCPProxy.Moment
    }

    private struct State {
        var mode = TCPProxy.Mode.forward
        var isClosed = false
        var links: [ObjectIdentifier: ProxyLink] = [:]
    }

    private let target: UInt16
    private let listener: Int32
    private let state = Mutex(State())
    let plan = Mutex<Plan?>(nil)
    let plans = Atomic<Int>(0)
    let turnPlan = Mutex<TurnPlan?>(nil)
    let accepted = Atomic<Int>(0)
    let turns = Atomic<Int>(0)

    init(target: UInt16, listener: Int32) {
        self.target = target
        self.listener = listener
    }

    var mode: TCPProxy.Mode { self.state.withLock { $0.mode } }
    var isClosed: Bool { self.state.withLock { $0.isClosed } }

    func change(to mode: TCPProxy.Mode) {
        let former = self.state.withLock { state in
            defer { state.mode = mode }
            return state.mode
        }
        // A socket that no longer listens keeps its port, and may listen again.
        if mode == .refuse, former != .refuse { shutdown(self.listener, Int32(SHUT_RDWR)) }
        if mode != .refuse, former == .refuse {
            let status = listen(self.listener, 128)
            precondition(status == 0, "the port cannot be listened on again: \(String(cString: strerror(errno)))")
        }
    }

    func cutAll() {
        for link in self.state.withLock({ Array($0.links.values) }) { link.cut() }
    }

    func close() {
        self.state.withLock { $0.isClosed = true }
        shutdown(self.listener, Int32(SHUT_RDWR))
        self.cutAll()
    }

    func acceptUntilClosed() {
        while !self.isClosed {
            let client = accept(self.listener, nil, nil)
            guard client >= 0 else {
                usleep(2_000)  // It does not listen at the moment.
                continue
            }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            guard let server = LoopbackAddress.connect(to: self.target) else {
                Foundation.close(client)
                continue
            }
            self.accepted.add(1, ordering: .relaxed)
            self.start(ProxyLink(client: client, server: server, of: self))
        }
        Foundation.close(self.listener)
    }

    private func start(_ link: ProxyLink) {
        let isClosed = self.state.withLock { state in
            state.links[ObjectIdentifier(link)] = link
            return state.isClosed
        }
        if isClosed { link.cut() }
        Thread.detachNewThread { link.carryUp() }
        Thread.detachNewThread { link.carryDown() }
    }

    /// Counts a turn of the client's; where to cut when it is the planned one.
    func countTurn() -> TCPProxy.Moment? {
        self.turns.add(1, ordering: .relaxed)
        return self.turnPlan.withLock { plan in
            guard var next = plan else { return nil }
            next.left -= 1
            plan = next.left > 0 ? next : nil
            return next.left > 0 ? nil : next.moment
        }
    }

    func forget(_ link: ProxyLink) {
        self.state.withLock { _ = $0.links.removeValue(forKey: ObjectIdentifier(link)) }
    }
}

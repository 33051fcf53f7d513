internal import Foundation
internal import Synchronization

/// One connection through a ``TCPProxy``: a thread for each direction.
final class ProxyLink: Sendable {
    private let client: Int32
    private let server: Int32
    private let proxy: ProxyState
    private let threads = Atomic<Int>(2)
    private let isMute = Atomic<Bool>(false)
    private let serverSpokeLast = Atomic<Bool>(true)

    init(client: Int32, server: Int32, of proxy: ProxyState) {
        self.client = client
        self.server = server
        self.proxy = proxy
        var on: Int32 = 1
        for descriptor in [client, server] {
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    /// Wakes both threads, the last of which closes the sockets.
    func cut() {
        shutdown(self.client, Int32(SHUT_RDWR))
        shutdown(self.server, Int32(SHUT_RDWR))
    }

    func carryUp() {
        defer { self.end() }
        var scan = PatternScan()
        while let octets = self.receive(from: self.client) {
            guard self.wait(for: [.stall]) else { return }
            if self.serverSpokeLast.exchange(false, ordering: .relaxed) {
                switch self.proxy.countTurn() {
                case nil: break
                case .beforeForwarding?: return self.cut()
                case .beforeAnswering?: return self.forwardQuietly(octets)
                }
            }
            switch self.proxy.plan.withLock({ scan.judge(octets, by: &$0) }) {
            case .pass:
                guard self.send(octets[...], to: self.server) else { return self.cut() }
            case .cutBefore(let count):
                // Whether the server is there to read this does not matter any more.
                _ = self.send(octets.prefix(count), to: self.server)
                return self.cut()
            case .cutAfter:
                return self.forwardQuietly(octets)
            }
        }
        self.cut()
    }

    func carryDown() {
        defer { self.end() }
        while let octets = self.receive(from: self.server) {
            guard self.wait(for: [.stall, .stallAnswers]) else { return }
            guard !self.isMute.load(ordering: .sequentiallyConsistent) else { continue }
            self.serverSpokeLast.store(true, ordering: .relaxed)
            guard self.send(octets[...], to: self.client) else { break }
        }
        self.cut()
    }

    /// Forwards without letting an answer through until the client waits for one, then lets the server read to its end.
    ///
    /// A server that is cut off at once would drop what it has not read yet; one that sees the end of its input has
    /// done everything before.
    private func forwardQuietly(_ octets: [UInt8]) {
        self.isMute.store(true, ordering: .sequentiallyConsistent)
        var octets = octets
        while self.send(octets[...], to: self.server) {
            var query = pollfd(fd: self.client, events: Int16(POLLIN), revents: 0)
            guard poll(&query, 1, 200) > 0, let more = self.receive(from: self.client) else { break }
            octets = more
        }
        // The other thread reads what the server still says, and cuts at its end.
        shutdown(self.server, Int32(SHUT_WR))
    }

    private func receive(from descriptor: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 { return Array(buffer[..<count]) }
            guard count < 0, errno == EINTR else { return nil }
        }
    }

    private func send(_ octets: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        var rest = octets
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    /// Holds the octets back while the proxy is in one of `modes`; `false` when it is closed meanwhile.
    private func wait(for modes: Set<TCPProxy.Mode>) -> Bool {
        while modes.contains(self.proxy.mode) {
            guard !self.proxy.isClosed else { return false }
            usleep(2_000)
        }
        return true
    }

    private func end() {
        guard self.threads.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 else { return }
        self.proxy.forget(self)
        close(self.client)
        close(self.server)
    }
}

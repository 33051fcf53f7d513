/// Cuts a connection's octets into requests: the one place that decides where a message ends.
///
/// Sans-I/O and without a clock: feed it what arrived, in any pieces, and take events until there are none. Once it has
/// thrown, the connection cannot be trusted to be in step any more, and it answers nothing but the same refusal.
package struct RequestReader: Sendable {
    /// What a request's octets amounted to.
    package enum Event: Sendable {
        /// The head is complete and its body, if any, still to come.
        case head(RequestHead)
        /// The body is complete, and with it the request; also follows a head without a body.
        case body([UInt8])
    }

    /// How far the next request is.
    package enum Progress: Hashable, Sendable {
        case idle
        case inHead
        case inBody
    }

    private enum Phase {
        case head
        case body(remaining: Int)
        case refused(RequestRefusal)
    }

    private let limits: HTTPLimits
    private var phase = Phase.head
    /// What arrived and is not consumed yet, from `start` on.
    private var arrived: [UInt8] = []
    private var start = 0
    /// How far the head has been scanned, and what was found; scanning goes on where it stopped, however slow the drip.
    private var scanned = 0
    private var lineStart = 0
    private var lines: [Range<Int>] = []
    private var hasSkippedEmptyLine = false
    private var body: [UInt8] = []

    package init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// How far the next request is, judging by what was taken in so far.
    package var progress: Progress {
        switch self.phase {
        case .head: self.start == self.arrived.count ? .idle : .inHead
        case .body: .inBody
        case .refused: .inHead
        }
    }

    /// Octets held that belong to no event yet.
    package var heldOctets: Int { self.arrived.count - self.start + self.body.count }

    package mutating func append(_ octets: some Collection<UInt8>) {
        if case .body(let remaining) = self.phase, self.start == self.arrived.count, remaining > 0 {
            // The usual way of a long body: straight to its place.
            let part = octets.prefix(remaining)
            self.body.append(contentsOf: part)
            self.phase = .body(remaining: remaining - part.count)
            self.arrived.removeAll(keepingCapacity: true)
            self.start = 0
            self.arrived.append(contentsOf: octets.dropFirst(part.count))
            return
        }
        self.arrived.append(contentsOf: octets)
    }

    /// The next event, or `nil` until more octets arrive.
    ///
    /// - Throws: ``RequestRefusal`` for the first rule broken; the connection has to be closed after the answer.
    package mutating func next() throws(RequestRefusal) -> Event? {
        do throws(RequestRefusal) {
            switch self.phase {
            case .head: return try self.nextHead().map(Event.head)
            case .body(let remaining): return self.nextBody(remaining).map(Event.body)
            case .refused(let refusal): throw refusal
            }
        } catch {
            self.phase = .refused(error)
            throw error
        }
    }

    private mutating func nextHead() throws(RequestRefusal) -> RequestHead? {
        guard try self.scan() else {
            guard self.arrived.count - self.start <= self.limits.headOctets else { throw self.oversized() }
            return nil
        }
        guard self.scanned - self.start <= self.limits.headOctets else { throw self.oversized() }
        let offset = self.start
        let octets = Array(self.arrived[offset..<self.scanned])
        let lines = self.lines.map { ($0.lowerBound - offset)..<($0.upperBound - offset) }
        let head = try RequestHeadParser.parse(octets, lines: lines, limits: self.limits)
        self.consume(upTo: self.scanned)
        self.phase = .body(remaining: head.bodyLength)
        return head
    }

    private func oversized() -> RequestRefusal {
        self.lines.first.map { $0.count + 2 > self.limits.headOctets } ?? true
            ? RequestRefusal(414, "the request line is too long")
            : RequestRefusal(431, "the header fields are too large")
    }

    /// Looks for the head's end, checking line ends and characters on the way.
    private mutating func scan() throws(RequestRefusal) -> Bool {
        while self.scanned < self.arrived.count {
            let octet = self.arrived[self.scanned]
            if octet >= ASCII.space, octet != 0x7F {
                self.scanned += 1
                continue
            }
            switch octet {
            case ASCII.carriageReturn:
                guard self.scanned + 1 < self.arrived.count else { return false }
                guard self.arrived[self.scanned + 1] == ASCII.lineFeed else { throw .bad("a CR stands alone") }
                let line = self.lineStart..<self.scanned
                self.scanned += 2
                self.lineStart = self.scanned
                if try self.endsHead(line) { return true }
                if self.lines.count > self.limits.headerFields + 1 {
                    throw RequestRefusal(431, "there are too many header fields")
                }
            case ASCII.tab: self.scanned += 1
            case ASCII.lineFeed: throw .bad("an LF stands alone")
            default: throw .bad("the head holds a control character")
            }
        }
        return false
    }

    private mutating func endsHead(_ line: Range<Int>) throws(RequestRefusal) -> Bool {
        guard line.isEmpty else {
            self.lines.append(line)
            return false
        }
        if !self.lines.isEmpty { return true }
        // One empty line before a request is forgiven (RFC 9112 § 2.2); a stream of them is not.
        guard !self.hasSkippedEmptyLine else { throw .bad("there is no request line") }
        self.hasSkippedEmptyLine = true
        self.start = self.scanned
        return false
    }

    private mutating func nextBody(_ remaining: Int) -> [UInt8]? {
        // Once and for the whole body: growing by doubling would take up to twice its size, and copy it each time.
        if self.body.isEmpty, remaining > 0 { self.body.reserveCapacity(remaining) }
        let part = min(remaining, self.arrived.count - self.start)
        if part > 0 {
            self.body.append(contentsOf: self.arrived[self.start..<(self.start + part)])
            self.consume(upTo: self.start + part)
        }
        guard part == remaining else {
            self.phase = .body(remaining: remaining - part)
            return nil
        }
        let body = self.body
        self.body = []
        self.phase = .head
        self.hasSkippedEmptyLine = false
        return body
    }

    private mutating func consume(upTo end: Int) {
        self.start = end
        if self.start == self.arrived.count {
            // A long body's worth of memory is not kept for the next small head.
            self.arrived.removeAll(keepingCapacity: self.arrived.capacity <= 4096)
            self.start = 0
        } else if self.start >= 4096 {
            self.arrived.removeFirst(self.start)
            self.start = 0
        }
        self.scanned = self.start
        self.lineStart = self.start
        self.lines.removeAll(keepingCapacity: true)
    }
}

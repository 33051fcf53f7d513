/// Looks for planned octets in a stream that comes in pieces.
struct PatternScan {
    enum Verdict {
        case pass
        /// Only so many octets of this piece come before what was looked for.
        case cutBefore(Int)
        case cutAfter
    }

    /// What came before this piece, as much as could be the beginning of a pattern.
    private var tail: [UInt8] = []
    /// The plan whose marker has passed.
    private var marked: Int?

    /// Judges the next piece; a plan that comes true is forgotten.
    mutating func judge(_ piece: [UInt8], by plan: inout ProxyState.Plan?) -> Verdict {
        let window = self.tail + piece
        let former = self.tail.count
        self.tail = Array(window.suffix(256))
        guard let found = plan else { return .pass }
        var begin = former
        if !found.marker.isEmpty, self.marked != found.number {
            guard let start = Self.find(found.marker, in: window, after: former) else { return .pass }
            self.marked = found.number
            begin = start + found.marker.count
        }
        guard let start = Self.find(found.octets, in: window, after: begin) else { return .pass }
        plan = nil
        return found.moment == .beforeForwarding ? .cutBefore(max(0, start - former)) : .cutAfter
    }

    /// Only what ends behind `former` counts: the rest was looked at before.
    private static func find(_ pattern: [UInt8], in window: [UInt8], after former: Int) -> Int? {
        let first = max(0, former - pattern.count + 1)
        guard first + pattern.count <= window.count else { return nil }
        return (first...(window.count - pattern.count)).first { start in
            window[start..<(start + pattern.count)].elementsEqual(pattern)
        }
    }
}

/// From where to where the feed goes.
public struct FeedExtent: Hashable, Sendable {
    /// The highest position whose event was removed; 0 for none.
    ///
    /// Single events before it may be kept for a destination that did not take them. Whoever reads on from an earlier
    /// position misses something.
    public let pruned: Int64
    /// The highest position that was ever given; 0 for none.
    ///
    /// A reader that is beyond it has read from another store: one that this is an earlier copy of.
    public let last: Int64

    public init(pruned: Int64, last: Int64) {
        self.pruned = pruned
        self.last = last
    }

    /// The positions of which nothing was removed; `nil` when there are none.
    public var kept: ClosedRange<Int64>? { self.pruned < self.last ? self.pruned + 1...self.last : nil }

    /// Whether whoever has read up to a position can go on there without missing anything.
    public func holds(_ position: Int64) -> Bool { self.pruned <= position && position <= self.last }
}

internal import Synchronization

/// Octets that look random and are the same in every run (SplitMix64).
public final class SeededRandom: Sendable {
    private let state: Mutex<UInt64>

    /// - Parameter seed: Generators of one seed give the same octets.
    public init(seed: UInt64 = 1) {
        self.state = Mutex(seed)
    }

    /// The next `count` octets.
    public func octets(_ count: Int) -> [UInt8] {
        self.state.withLock { state in
            (0..<count).map { _ in UInt8(truncatingIfNeeded: Self.next(&state)) }
        }
    }

    private static func next(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

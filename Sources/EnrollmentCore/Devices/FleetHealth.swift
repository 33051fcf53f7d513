/// A live device whose certificate ends soon.
public struct FallingOutDevice: Hashable, Sendable {
    public let device: DeviceRecord
    /// The latest renewal that was refused since the certificate was issued; `nil` when the device has not tried.
    public let lastFailure: Attempt?

    public init(device: DeviceRecord, lastFailure: Attempt?) {
        self.device = device
        self.lastFailure = lastFailure
    }
}

/// How many live devices have how many days left.
public struct FleetHealth: Hashable, Sendable {
    /// Live devices whose certificate ends within a range of days.
    public struct Bucket: Hashable, Sendable {
        /// Days left, both ends included; below zero means ended.
        public let days: ClosedRange<Int>
        /// Stops at ``FleetHealth/most``.
        public let count: Int

        public init(days: ClosedRange<Int>, count: Int) {
            self.days = days
            self.count = count
        }
    }

    /// Counting stops here, so that a large fleet costs no more than a small one.
    public static let most = 10_000
    /// The ranges that are counted.
    public static let ranges: [ClosedRange<Int>] = [-36_500 ... -1, 0...6, 7...13, 14...29, 30...59]

    public let buckets: [Bucket]
    /// Of devices with less than 30 days: how many have had a renewal refused; stops at ``most``.
    public let refusedRenewals: Int

    public init(buckets: [Bucket], refusedRenewals: Int) {
        self.buckets = buckets
        self.refusedRenewals = refusedRenewals
    }
}

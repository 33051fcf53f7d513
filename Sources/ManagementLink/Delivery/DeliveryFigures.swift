package import EnrollmentCore
internal import Synchronization

/// What a sender counts, for whoever asks.
package final class DeliveryFigures: Sendable {
    package struct Values: Hashable, Sendable {
        /// Whether this process is the one that sends.
        package var isSending = false
        /// Events that the destination has, counted as often as it got them.
        package var delivered = 0
        /// Tries that failed.
        package var failed = 0
        /// Requests under way.
        package var underWay = 0
        package var isPaused = false
        /// When the oldest event was recorded that is not acknowledged and no delivery of its own; `nil` for none.
        package var oldest: Timestamp?

        package init() {}
    }

    private let values = Mutex(Values())

    package init() {}

    package var current: Values { self.values.withLock { $0 } }

    func change(_ body: (inout Values) -> Void) {
        self.values.withLock { body(&$0) }
    }
}

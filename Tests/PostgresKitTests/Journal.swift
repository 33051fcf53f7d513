internal import Synchronization

/// Numbers in the order in which something happened.
final class Journal: Sendable {
    private let entries = Mutex<[Int]>([])

    var numbers: [Int] { self.entries.withLock { $0 } }

    func note(_ number: Int) {
        self.entries.withLock { $0.append(number) }
    }
}

internal import Synchronization

/// What is left of the memory that one listener sets aside for large bodies.
final class BodyBudget: Sendable {
    private let limit: Int
    private let taken = Atomic(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// Sets memory aside for a body before its first octet is read.
    ///
    /// - Returns: What keeps it set aside until the last reference is gone; `nil` when there is not enough left.
    func reserve(_ octets: Int) -> BodyShare? {
        let total = self.taken.add(octets, ordering: .relaxed).newValue
        guard total <= self.limit else {
            self.release(octets)
            return nil
        }
        return BodyShare(octets, of: self)
    }

    fileprivate func release(_ octets: Int) {
        self.taken.subtract(octets, ordering: .relaxed)
    }
}

/// Memory set aside for one body, held by whoever holds the body.
final class BodyShare: Sendable {
    private let octets: Int
    private let budget: BodyBudget

    fileprivate init(_ octets: Int, of budget: BodyBudget) {
        self.octets = octets
        self.budget = budget
    }

    deinit {
        self.budget.release(self.octets)
    }
}

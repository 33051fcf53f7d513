/// Answers in a bounded memory: what was not asked for since half of the places were filled goes first.
///
/// Two halves: what is new, or asked for again, goes into the first; when that is full, it takes the place of the second.
struct IdentityShelf {
    private let half: Int
    private var young: [Thumbprint: KeptIdentity] = [:]
    private var old: [Thumbprint: KeptIdentity] = [:]

    init(capacity: Int) {
        self.half = max(1, capacity / 2)
    }

    var count: Int { self.young.count + self.old.count }

    mutating func find(_ thumbprint: Thumbprint) -> KeptIdentity? {
        if let identity = self.young[thumbprint] { return identity }
        guard let identity = self.old.removeValue(forKey: thumbprint) else { return nil }
        self.insert(identity, for: thumbprint)
        return identity
    }

    mutating func insert(_ identity: KeptIdentity, for thumbprint: Thumbprint) {
        self.old[thumbprint] = nil
        if self.young.count >= self.half, self.young[thumbprint] == nil {
            self.old = self.young
            self.young = [:]
        }
        self.young[thumbprint] = identity
    }

    mutating func remove(_ thumbprint: Thumbprint) {
        self.young[thumbprint] = nil
        self.old[thumbprint] = nil
    }

    mutating func removeAll() {
        self.young = [:]
        self.old = [:]
    }
}

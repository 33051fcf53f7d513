/// Lets so many in at once: suites run all their tests together, and a server has only so many connections.
actor PostgresTurnstile {
    private var room: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ room: Int) {
        self.room = room
    }

    func enter() async {
        guard self.room == 0 else { return self.room -= 1 }
        await withCheckedContinuation { self.waiting.append($0) }
    }

    func leave() {
        if self.waiting.isEmpty { self.room += 1 } else { self.waiting.removeFirst().resume() }
    }
}

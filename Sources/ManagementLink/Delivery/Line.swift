/// First come, first served; taking the first costs the same however many wait.
struct Line<Element> {
    private var elements: [Element?] = []
    private var start = 0

    var count: Int { self.elements.count - self.start }

    var isEmpty: Bool { self.count == 0 }

    var first: Element? { self.isEmpty ? nil : self.elements[self.start] }

    mutating func append(_ element: Element) {
        self.elements.append(element)
    }

    mutating func popFirst() -> Element? {
        guard !self.isEmpty else { return nil }
        let element = self.elements[self.start]
        self.elements[self.start] = nil
        self.start += 1
        if self.start > 64, self.start * 2 > self.elements.count {
            self.elements.removeFirst(self.start)
            self.start = 0
        }
        return element
    }

    /// What waits, the first one first.
    var all: some Sequence<Element> { self.elements[self.start...].lazy.compactMap { $0 } }
}

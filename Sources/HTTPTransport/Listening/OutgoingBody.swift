/// What is left of a body too long for one write.
struct OutgoingBody {
    /// Octets handed to the socket at a time; shorter bodies go out with their head.
    static let pieceOctets = 64 * 1024

    private let octets: [UInt8]
    private var position = 0
    /// The connection ends after it.
    let closes: Bool

    init(_ octets: [UInt8], closes: Bool) {
        self.octets = octets
        self.closes = closes
    }

    var isEmpty: Bool { self.position == self.octets.count }

    mutating func next() -> ArraySlice<UInt8> {
        let end = min(self.position + Self.pieceOctets, self.octets.count)
        defer { self.position = end }
        return self.octets[self.position..<end]
    }
}

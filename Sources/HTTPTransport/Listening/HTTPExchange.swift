internal import NIOCore

/// A request that has a head and awaits its answer.
struct HTTPExchange: Sendable {
    let head: RequestHead
    let route: Route?
    let id: String
    let start: NIODeadline
    /// Keeps memory set aside for the body; `nil` for one that is small, or not awaited.
    let share: BodyShare?

    init(_ head: RequestHead, route: Route?, share: BodyShare? = nil) {
        self.head = head
        self.route = route
        self.share = share
        self.id = Self.makeID()
        self.start = .now()
    }

    /// Sixteen hexadecimal digits: 64 random bits.
    static func makeID() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

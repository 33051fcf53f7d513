/// Names one attempt, in the fault on the device, the log, the attempt record and over the phone.
///
/// Eleven random Crockford base-32 symbols and a check symbol, written in three groups: `K7Q4-9M2X-TC32`.
/// Case, dashes and the confusions O/0, I/1, L/1 are forgiven when reading.
public struct TraceID: Hashable, Sendable {
    /// How many random octets ``init(random:)`` takes.
    public static let randomOctets = 11

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// The twelve symbols' values, each 0–31.
    private let symbols: [UInt8]

    /// - Parameter random: ``randomOctets`` octets of a cryptographic generator; five bits of each are used.
    public init(random: [UInt8]) {
        precondition(random.count == Self.randomOctets, "a trace id takes 11 random octets")
        let body = random.map { $0 & 31 }
        self.symbols = body + [Self.checkSymbol(of: body)]
    }

    /// Reads what a person typed; `nil` when it is not twelve symbols or the check symbol does not fit.
    public init?(_ text: some StringProtocol) {
        var symbols: [UInt8] = []
        for letter in text.utf8 where letter != UInt8(ascii: "-") && letter != UInt8(ascii: " ") {
            guard let value = Self.value(of: letter), symbols.count < 12 else { return nil }
            symbols.append(value)
        }
        guard symbols.count == 12, Self.checkSymbol(of: symbols[..<11]) == symbols[11] else { return nil }
        self.symbols = symbols
    }

    private static func value(of letter: UInt8) -> UInt8? {
        let upper = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter) ? letter - 32 : letter
        switch upper {
        case UInt8(ascii: "O"): return 0
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return 1
        default: return self.alphabet.firstIndex(of: upper).map { UInt8($0) }
        }
    }

    /// A weighted sum in GF(32) with distinct non-zero weights: one wrong symbol, or two swapped, never go unnoticed.
    private static func checkSymbol(of body: some Sequence<UInt8>) -> UInt8 {
        var sum: UInt8 = 0
        for symbol in body {
            sum = Self.doubled(sum ^ symbol)
        }
        return sum
    }

    /// Multiplies by x modulo x⁵ + x² + 1, which generates the field's whole multiplicative group.
    private static func doubled(_ value: UInt8) -> UInt8 {
        let shifted = value << 1
        return shifted & 32 == 0 ? shifted : (shifted ^ 0b100101) & 31
    }
}

extension TraceID: CustomStringConvertible {
    public var description: String {
        var text: [UInt8] = []
        for (index, symbol) in self.symbols.enumerated() {
            if index == 4 || index == 8 { text.append(UInt8(ascii: "-")) }
            text.append(Self.alphabet[Int(symbol)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

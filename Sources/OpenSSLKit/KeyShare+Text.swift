extension KeyShare {
    private static let version: UInt8 = 1
    private static let checksumLength = 10
    private static let payloadLength = 1 + KeyShare.setIDLength + 3 + SealingKey.length + KeyShare.checksumLength
    /// Octets written on one line, as 16 symbols.
    private static let lineLength = 10
    /// Prime, and just below the 1 024 that two symbols tell apart: finds every wrong symbol and every two neighbors exchanged.
    private static let modulus: UInt64 = 1_021
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// How many lines a share has.
    public static let lineCount = KeyShare.payloadLength / KeyShare.lineLength

    /// To be written down: lines of four groups of four symbols and a check of two.
    ///
    ///     1  0C3V-8H2K-…-…  7F
    ///
    /// The symbols are Crockford's base 32, without I, L, O and U. Each line's check finds a mistake in that line; ten
    /// octets of SHA-256 at the end stand for the whole.
    ///
    /// - Throws: ``OpenSSLError`` when the library makes no digest. The text is as secret as the share.
    public func lines() throws(OpenSSLError) -> [String] {
        // Never grows, which would leave a copy behind.
        var payload: [UInt8] = []
        payload.reserveCapacity(Self.payloadLength)
        defer { payload.wipe() }
        payload.append(Self.version)
        payload += self.setID
        payload += [UInt8(self.threshold), UInt8(self.count), UInt8(self.number)]
        self.value.withOctets { payload.append(contentsOf: $0) }
        payload += try Digest.sha256(payload).prefix(Self.checksumLength)
        return (0..<Self.lineCount).map { index in
            let octets = payload[(index * Self.lineLength)..<((index + 1) * Self.lineLength)]
            let values = Self.symbols(Array(octets))
            let check = (Self.modulus - Self.remainder(values + [0, 0], line: index + 1)) % Self.modulus
            let groups = stride(from: 0, to: values.count, by: 4)
                .map { Self.text(values[$0..<$0 + 4]) }
            return "\(index + 1)  \(groups.joined(separator: "-"))  \(Self.text([check / 32, check % 32]))"
        }
    }

    /// Reads what ``lines()`` gave; blanks, dashes, the line's number and lower case make no difference, and O is read as
    /// 0, I and L as 1.
    ///
    /// - Parameter text: One line for each element; those without a symbol and those that begin with `#` are skipped.
    /// - Throws: ``KeyShareError/line(_:)`` that names the line with a mistake, ``KeyShareError/checksum``.
    public convenience init(lines text: [String]) throws(KeyShareError) {
        let lines = text.filter { line in
            let first = line.utf8.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") && $0 != 13 }
            return first != nil && first != UInt8(ascii: "#")
        }
        var payload: [UInt8] = []
        payload.reserveCapacity(Self.payloadLength)
        defer { payload.wipe() }
        for (index, line) in lines.enumerated() {
            guard index < Self.lineCount, let octets = Self.octets(of: line, number: index + 1) else {
                throw .line(index + 1)
            }
            payload += octets
        }
        guard lines.count == Self.lineCount else { throw .line(lines.count + 1) }
        var body = Array(payload[..<(Self.payloadLength - Self.checksumLength)])
        defer { body.wipe() }
        let checksum: ArraySlice<UInt8>
        do throws(OpenSSLError) {
            checksum = try Digest.sha256(body).prefix(Self.checksumLength)
        } catch {
            throw .library(error)
        }
        guard checksum.elementsEqual(payload[body.count...]) else { throw .checksum }
        let numbers = body[(1 + Self.setIDLength)..<(4 + Self.setIDLength)].map { Int($0) }
        guard body[0] == Self.version, (2...SealingKey.mostShares).contains(numbers[1]),
            (2...numbers[1]).contains(numbers[0]), (1...numbers[1]).contains(numbers[2])
        else { throw .checksum }
        self.init(
            setID: Array(body[1..<(1 + Self.setIDLength)]),
            threshold: numbers[0],
            count: numbers[1],
            number: numbers[2],
            value: SecretOctets(count: SealingKey.length) { $0.copyBytes(from: body[(4 + Self.setIDLength)...]) }
        )
    }

    // MARK: Symbols

    private static func octets(of line: String, number: Int) -> [UInt8]? {
        var values: [UInt64] = []
        for symbol in line.utf8 {
            switch symbol {
            case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "\t"), 13: continue
            default: break
            }
            guard let value = Self.value(of: symbol) else { return nil }
            values.append(value)
        }
        // The line's own number, in front.
        if values.count == 19, values[0] == UInt64(number) { values.removeFirst() }
        guard values.count == 18 else { return nil }
        guard Self.remainder(values, line: number) == 0 else { return nil }
        let body = values[..<16]
        var (octets, bits, held): ([UInt8], UInt64, Int) = ([], 0, 0)
        for value in body {
            bits = bits << 5 | value
            held += 5
            guard held >= 8 else { continue }
            held -= 8
            octets.append(UInt8(truncatingIfNeeded: bits >> UInt64(held)))
        }
        return octets
    }

    private static func symbols(_ octets: [UInt8]) -> [UInt64] {
        var (values, bits, held): ([UInt64], UInt64, Int) = ([], 0, 0)
        for octet in octets {
            bits = bits << 8 | UInt64(octet)
            held += 8
            while held >= 5 {
                held -= 5
                values.append(bits >> UInt64(held) & 31)
            }
        }
        return values
    }

    /// Of the line's number and its symbols, read as one number; 0 for a line with its check.
    private static func remainder(_ values: [UInt64], line: Int) -> UInt64 {
        values.reduce(UInt64(line)) { ($0 * 32 + $1) % Self.modulus }
    }

    private static func text(_ values: some Sequence<UInt64>) -> String {
        String(decoding: values.map { Self.alphabet[Int($0)] }, as: UTF8.self)
    }

    private static func value(of symbol: UInt8) -> UInt64? {
        let upper = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(symbol) ? symbol - 32 : symbol
        switch upper {
        case UInt8(ascii: "O"): return 0
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return 1
        default: return Self.alphabet.firstIndex(of: upper).map { UInt64($0) }
        }
    }
}

import Testing

@testable import OpenSSLKit

@Suite("Shares of a sealing key")
struct KeyShareTests {
    private static let key = SealingKey(adopting: SecretOctets((0..<32).map { UInt8($0 * 7 + 1) }))

    private static func octets(_ key: SealingKey) -> [UInt8] { key.key.withOctets { Array($0) } }

    private static func subsets(of count: Int, size: Int) -> [[Int]] {
        (0..<(1 << count)).filter { $0.nonzeroBitCount == size }
            .map { mask in (0..<count).filter { mask >> $0 & 1 == 1 } }
    }

    @Test("products and inverses are those of AES's field")
    func field() {
        // FIPS 197 § 4.2 and § 4.2.1.
        #expect((FieldElement(0x57) * FieldElement(0x83)).octet == 0xc1)
        #expect((FieldElement(0x57) * FieldElement(0x13)).octet == 0xfe)
        #expect(FieldElement(0x53).inverse.octet == 0xca)
        #expect(FieldElement(0).inverse.octet == 0)
        for octet in UInt8(1)...255 { #expect((FieldElement(octet) * FieldElement(octet).inverse).octet == 1) }
    }

    @Test("the same polynomials always give the same shares")
    func vector() throws {
        // 0x2a + 0x0b·x + 0x05·x², by hand: the key comes back from fixed points, not only from our own splitting.
        func share(_ number: Int, _ octet: UInt8) -> KeyShare {
            KeyShare(
                setID: [1, 2, 3, 4],
                threshold: 3,
                count: 5,
                number: number,
                value: SecretOctets([UInt8](repeating: octet, count: 32))
            )
        }
        // x = 1: 2a^0b^05 = 24; x = 2: 2a^16^14 = 28; x = 3: 2a^1d^11 = 26.
        let joined = try SealingKey(joining: [share(1, 0x24), share(2, 0x28), share(3, 0x26)])
        #expect(Self.octets(joined) == [UInt8](repeating: 0x2a, count: 32))
    }

    @Test("every choice of as many as needed gives the key", arguments: [(2, 2), (3, 5), (5, 5), (2, 16), (4, 7)])
    func everySubset(threshold: Int, count: Int) throws {
        let shares = try Self.key.split(among: count, threshold: threshold)
        for subset in Self.subsets(of: count, size: threshold) {
            let joined = try SealingKey(joining: subset.reversed().map { shares[$0] })
            #expect(Self.octets(joined) == Self.octets(Self.key))
        }
        #expect(Self.octets(try SealingKey(joining: shares)) == Self.octets(Self.key))
    }

    @Test("one share less fits every key there is")
    func oneLess() throws {
        // Whatever the missing share said, some key goes with it: each of the 256 values leads to another octet.
        let shares = try Self.key.split(among: 3, threshold: 3)
        var octets: Set<UInt8> = []
        for guess in UInt8.min...UInt8.max {
            let third = KeyShare(
                setID: shares[0].setID,
                threshold: 3,
                count: 3,
                number: 3,
                value: SecretOctets([UInt8](repeating: guess, count: 32))
            )
            octets.insert(Self.octets(try SealingKey(joining: [shares[0], shares[1], third]))[0])
        }
        #expect(octets.count == 256)
    }

    @Test("shares that do not go together are refused")
    func refusals() throws {
        let (one, other) = (try Self.key.split(among: 4, threshold: 3), try Self.key.split(among: 4, threshold: 3))
        #expect(throws: KeyShareError.noShare) { try SealingKey(joining: []) }
        #expect(throws: KeyShareError.tooFew(given: 2, needed: 3)) { try SealingKey(joining: Array(one[..<2])) }
        #expect(throws: KeyShareError.repeated(number: 2)) { try SealingKey(joining: [one[0], one[1], one[1]]) }
        #expect(throws: KeyShareError.mixed) { try SealingKey(joining: [one[0], one[1], other[2]]) }
        let alien = KeyShare(
            setID: one[0].setID,
            threshold: 3,
            count: 4,
            number: 4,
            value: SecretOctets([UInt8](repeating: 1, count: 32))
        )
        #expect(throws: KeyShareError.disagree) { try SealingKey(joining: [one[0], one[1], one[2], alien]) }
    }

    @Test("numbers out of range are refused", arguments: [(1, 3), (4, 3), (2, 17), (0, 0)])
    func numbers(threshold: Int, count: Int) {
        #expect(throws: KeyShareError.numbers) { try Self.key.split(among: count, threshold: threshold) }
    }

    @Test("what is written down is read back, in whatever form it is typed")
    func text() throws {
        let shares = try Self.key.split(among: 3, threshold: 2)
        let read = try shares.map { share in
            let lines = try share.lines()
            #expect(lines.count == KeyShare.lineCount)
            let typed = lines.map { $0.lowercased().replacing("0", with: "o").replacing("1", with: "l") }
            // The line's own number is no symbol of the share and stays as it is.
            let numbered = zip(lines, typed).map { String($0.prefix(1)) + $1.dropFirst() }
            return try KeyShare(lines: ["# share", ""] + numbered)
        }
        #expect(read.map(\.number) == [1, 2, 3])
        #expect(Self.octets(try SealingKey(joining: [read[2], read[0]])) == Self.octets(Self.key))
    }

    @Test("a wrong symbol and two exchanged are told with their line")
    func typos() throws {
        let lines = try #require(try Self.key.split(among: 2, threshold: 2).first).lines()
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        for (index, line) in lines.enumerated() {
            let symbols = Array(line)
            let places = symbols.indices.dropFirst(3).filter { alphabet.contains(symbols[$0]) }
            for (order, place) in places.enumerated() {
                for wrong in alphabet where wrong != symbols[place] {
                    var typo = symbols
                    typo[place] = wrong
                    #expect(throws: KeyShareError.line(index + 1)) { try Self.read(lines, index, typo) }
                }
                guard order > 0, symbols[places[order - 1]] != symbols[place] else { continue }
                var typo = symbols
                typo.swapAt(places[order - 1], place)
                #expect(throws: KeyShareError.line(index + 1)) { try Self.read(lines, index, typo) }
            }
        }
    }

    private static func read(_ lines: [String], _ index: Int, _ line: [Character]) throws(KeyShareError) -> KeyShare {
        var changed = lines
        changed[index] = String(line)
        return try KeyShare(lines: changed)
    }

    @Test("missing, surplus and exchanged lines are told")
    func lines() throws {
        let shares = try Self.key.split(among: 2, threshold: 2)
        let (lines, other) = (try shares[0].lines(), try shares[1].lines())
        #expect(throws: KeyShareError.line(5)) { try KeyShare(lines: Array(lines.dropLast())) }
        #expect(throws: KeyShareError.line(6)) { try KeyShare(lines: lines + ["6  0000"]) }
        #expect(throws: KeyShareError.line(1)) { try KeyShare(lines: [lines[1], lines[0]] + lines[2...]) }
        #expect(throws: KeyShareError.checksum) { try KeyShare(lines: [other[0]] + lines[1...]) }
    }
}

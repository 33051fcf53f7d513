import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("A trace id")
struct TraceIDTests {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    private static let samples: [TraceID] = {
        let random = SeededRandom(seed: 7)
        return (0..<50).map { _ in TraceID(random: random.octets(TraceID.randomOctets)) }
    }()

    @Test("is three groups of four symbols, none of them easily confused")
    func form() {
        for traceID in Self.samples {
            let groups = "\(traceID)".split(separator: "-", omittingEmptySubsequences: false)
            #expect(groups.map(\.count) == [4, 4, 4])
            #expect(groups.joined().allSatisfy { Self.alphabet.contains($0) })
        }
    }

    @Test("reads what it wrote")
    func roundTrip() {
        for traceID in Self.samples { #expect(TraceID("\(traceID)") == traceID) }
    }

    @Test("notices every single wrong symbol")
    func substitutions() {
        for traceID in Self.samples {
            let symbols = Array("\(traceID)".filter { $0 != "-" })
            for position in symbols.indices {
                for other in Self.alphabet where other != symbols[position] {
                    var wrong = symbols
                    wrong[position] = other
                    #expect(TraceID(String(wrong)) == nil)
                }
            }
        }
    }

    @Test("notices every two neighbors that changed places, the check symbol included")
    func transpositions() {
        for traceID in Self.samples {
            let symbols = Array("\(traceID)".filter { $0 != "-" })
            for position in 0..<11 where symbols[position] != symbols[position + 1] {
                var wrong = symbols
                wrong.swapAt(position, position + 1)
                #expect(TraceID(String(wrong)) == nil)
            }
        }
    }

    @Test("is read in any case, with any dashes and blanks, and with letters for the digits they look like")
    func forgives() {
        for traceID in Self.samples {
            let text = "\(traceID)"
            #expect(TraceID(text.lowercased()) == traceID)
            #expect(TraceID(text.filter { $0 != "-" }) == traceID)
            #expect(TraceID(" " + text.map { "\($0) " }.joined()) == traceID)
            for (digit, letters) in [(Character("0"), "oO"), (Character("1"), "iIlL")] {
                for letter in letters {
                    #expect(TraceID(String(text.map { $0 == digit ? letter : $0 })) == traceID)
                }
            }
        }
        #expect(Self.samples.contains { "\($0)".contains("0") })
        #expect(Self.samples.contains { "\($0)".contains("1") })
    }

    @Test(
        "is nothing else",
        arguments: [
            "", "-", "K7Q4-9M2X-TC3", "00000000000000", "0000-0000-00001", "UUUU-UUUU-UUUU", "K7Q4_9M2X_TC3H",
            "ßßßß-ßßßß-ßßßß", "0000-0000-000\0",
        ]
    )
    func refuses(text: String) {
        #expect(TraceID(text) == nil)
    }

    @Test("takes five bits of each random octet")
    func usesFiveBits() {
        let low = TraceID(random: [UInt8](0..<11))
        let high = TraceID(random: (0..<11).map { UInt8($0) | 0xe0 })
        #expect(low == high)
        #expect("\(low)".hasPrefix("0123-4567-89A"))
    }
}

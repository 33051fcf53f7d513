import EnrollmentCore
import Testing

@Suite("A serial number")
struct SerialNumberTests {
    private static let random = [UInt8](repeating: 0xff, count: SerialNumber.randomOctets)

    @Test("is positive and 17 octets long whatever the node and the random octets", arguments: [1, 7, 127] as [UInt8])
    func form(node: UInt8) {
        let serial = SerialNumber(node: node, random: Self.random)
        #expect(serial.octets.count == 17)
        #expect(serial.octets.first == node)
        #expect(serial.octets.dropFirst() == Self.random[...])
    }

    @Test("reads what it wrote, with or without colons, blanks and 0x, in any case")
    func roundTrip() {
        let serial = SerialNumber(node: 1, random: [UInt8](0xa0..<0xb0))
        let plain = "\(serial)"
        let pairs = serial.octets.map { Hexadecimal.encode([$0]) }
        let spellings = [
            plain, plain.uppercased(), "0x" + plain, "0X" + plain.uppercased(), pairs.joined(separator: ":"),
            pairs.joined(separator: " "), " " + plain,
        ]
        for spelling in spellings { #expect(SerialNumber(spelling) == serial) }
        #expect(SerialNumber(octets: serial.octets) == serial)
    }

    @Test(
        "of a certificate may be any positive number of at most 20 octets",
        arguments: [[0x01], [0x7f], [0x00, 0x80], [0x12, 0x00], [UInt8](repeating: 0x7f, count: 20)] as [[UInt8]]
    )
    func accepts(octets: [UInt8]) {
        #expect(SerialNumber(octets: octets)?.octets == octets)
    }

    @Test(
        "is not empty, not zero, not negative, not padded and not longer than 20 octets",
        arguments: [
            [], [0x00], [0x00, 0x00], [0x00, 0x7f], [0x80], [0xff, 0x01], [UInt8](repeating: 1, count: 21),
        ] as [[UInt8]]
    )
    func refuses(octets: [UInt8]) {
        #expect(SerialNumber(octets: octets) == nil)
    }

    @Test("is not read from anything but hexadecimal pairs", arguments: ["", "0x", "1", "0g", "01-02", "０１", "-01"])
    func refuses(text: String) {
        #expect(SerialNumber(text) == nil)
    }
}

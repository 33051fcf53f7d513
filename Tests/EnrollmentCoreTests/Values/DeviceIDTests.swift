import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("A device id")
struct DeviceIDTests {
    @Test("is a version 4 UUID whatever the random octets", arguments: [0x00, 0x5a, 0xff] as [UInt8])
    func version(octet: UInt8) {
        let id = DeviceID(random: [UInt8](repeating: octet, count: 16))
        #expect(id.octets[6] >> 4 == 4)
        #expect(id.octets[8] >> 6 == 2)
        let symbols = Array("\(id)")
        #expect(symbols[14] == "4")
        #expect("89ab".contains(symbols[19]))
        #expect(id.octets[0] == octet)
    }

    @Test("reads what it wrote, in any case, with or without braces")
    func roundTrip() {
        let random = SeededRandom(seed: 3)
        for _ in 0..<100 {
            let id = DeviceID(random: random.octets(16))
            #expect(DeviceID("\(id)") == id)
            #expect(DeviceID("{\(id)}".uppercased()) == id)
            #expect(DeviceID(octets: id.octets) == id)
        }
        #expect("\(DeviceID(random: [UInt8](0..<16)))" == "00010203-0405-4607-8809-0a0b0c0d0e0f")
    }

    @Test(
        "is nothing else",
        arguments: [
            "", "6b1f0f0e", "6b1f0f0e6f0c4c2e9f6f0a51d7f0a5c1", "6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c",
            "6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c11", "6b1f0f0g-6f0c-4c2e-9f6f-0a51d7f0a5c1",
            "6b1f-0f0e6f0c-4c2e-9f6f-0a51d7f0a5c1", "6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1-",
        ]
    )
    func refuses(text: String) {
        #expect(DeviceID(text) == nil)
    }

    @Test("has 16 octets", arguments: [0, 15, 17])
    func refuses(count: Int) {
        #expect(DeviceID(octets: [UInt8](repeating: 1, count: count)) == nil)
    }
}

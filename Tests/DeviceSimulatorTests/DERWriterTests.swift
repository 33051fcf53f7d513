import Testing

@testable import DeviceSimulator

@Suite("What the simulator writes in DER")
struct DERWriterTests {
    @Test(
        "a number that is not negative has a sign of its own where its first bit would be taken for one",
        arguments: [([0x7F], [2, 1, 0x7F]), ([0x80, 1], [2, 3, 0, 0x80, 1]), ([], [2, 1, 0])] as [([UInt8], [UInt8])]
    )
    func unsigned(octets: [UInt8], der: [UInt8]) {
        #expect(DERWriter.unsigned(octets) == der)
    }
}

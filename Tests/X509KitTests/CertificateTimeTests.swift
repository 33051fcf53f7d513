import EnrollmentTestKit
import SwiftASN1
import Testing

@testable import X509Kit

@Suite("Certificate time")
struct CertificateTimeTests {
    @Test(
        "UTCTime through 2049, GeneralizedTime from 2050, and both are read back",
        arguments: [
            (0, .utcTime("700101000000Z")),
            (951_782_400, .utcTime("000229000000Z")),
            (951_868_800, .utcTime("000301000000Z")),
            (1_767_225_599, .utcTime("251231235959Z")),
            (2_147_483_648, .utcTime("380119031408Z")),
            (2_524_607_999, .utcTime("491231235959Z")),
            (2_524_608_000, .generalizedTime("20500101000000Z")),
            (4_107_542_399, .generalizedTime("21000228235959Z")),
            (4_107_542_400, .generalizedTime("21000301000000Z")),
            (253_402_300_799, .generalizedTime("99991231235959Z")),
        ] as [(Int64, DERElement)]
    )
    func serialize(_ seconds: Int64, _ expected: DERElement) throws {
        var coder = DER.Serializer()
        try CertificateTime.serialize(seconds, into: &coder)
        #expect(coder.serializedBytes == expected.octets)
        #expect(try CertificateTime.seconds(try DER.parse(coder.serializedBytes)) == seconds)
    }

    @Test("every day from 1970 to 2105 is written as the calendar has it")
    func everyDay() throws {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var seconds: Int64 = 43_200
        for year in 1970...2105 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            for month in 1...12 {
                for day in 1...(lengths[month - 1] + (isLeap && month == 2 ? 1 : 0)) {
                    var coder = DER.Serializer()
                    try CertificateTime.serialize(seconds, into: &coder)
                    let digits = [month, day].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined() + "120000Z"
                    let text = String(String(year).suffix(2)) + digits
                    let expected: DERElement = year < 2_050 ? .utcTime(text) : .generalizedTime("\(year)" + digits)
                    try #require(coder.serializedBytes == expected.octets)
                    seconds += 86_400
                }
            }
        }
    }

    @Test("a moment before 1970 or after the year 9999 is refused", arguments: [-1, .min, 253_402_300_800, 1 << 60])
    func refusal(_ seconds: Int64) {
        #expect(throws: (any Error).self) {
            var coder = DER.Serializer()
            try CertificateTime.serialize(seconds, into: &coder)
        }
    }

    @Test("two digits of fifty and more are of the last century, as RFC 5280 has it")
    func century() throws {
        for (text, expected) in [("500101000000Z", -631_152_000), ("491231235959Z", 2_524_607_999)] as [(String, Int64)]
        {
            #expect(try CertificateTime.seconds(try DER.parse(DERElement.utcTime(text).octets)) == expected)
        }
    }

    @Test(
        "a time that is none is refused",
        arguments: [
            "261301000000Z", "260230000000Z", "260101240000Z", "260101006000Z", "2601010000Z", "260101000000",
            "260101000000+0100", "26010100000AZ", "",
        ]
    )
    func malformed(_ text: String) {
        #expect(throws: (any Error).self) {
            try CertificateTime.seconds(try DER.parse(DERElement.utcTime(text).octets))
        }
    }
}

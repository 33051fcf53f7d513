import EnrollmentTestKit
import SwiftASN1
import Testing

@testable import X509Kit

@Suite("Strict DER", .timeLimit(.minutes(25)))
struct StrictDERTests {
    @Test(
        "a string or number in pieces is refused, as it would end the process further down",
        arguments: [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1e] as [UInt8]
    )
    func constructed(_ tag: UInt8) {
        let pieces = DERElement(tag: tag | 0x20, of: [DERElement(tag: tag, [0])])
        for octets in [pieces.octets, DERElement.sequence([.null, .set([.context(0, [pieces])])]).octets] {
            #expect(throws: X509Error.self) { try StrictDER.parse(octets) }
        }
    }

    @Test("a string in pieces is found behind long contents and long tags")
    func behind() throws {
        let pieces = DERElement(tag: 0x24, of: [.octetString([1])])
        let befores: [DERElement] = [
            .octetString([UInt8](repeating: 0x24, count: 127)), .octetString([UInt8](repeating: 0x24, count: 128)),
            .octetString([UInt8](repeating: 0x24, count: 300)), .octetString([UInt8](repeating: 0x24, count: 70_000)),
            DERElement([0x9f, 0x1f, 0x01, 0x24]), DERElement([0xbf, 0x81, 0x00, 0x02, 0x05, 0x00]), .sequence([]),
        ]
        for before in befores {
            #expect(throws: Never.self) { try StrictDER.parse(DERElement.sequence([before, .null]).octets) }
            #expect(throws: X509Error.self) { try StrictDER.parse(DERElement.sequence([before, pieces]).octets) }
        }
    }

    @Test("a sequence or set that is not constructed is refused", arguments: [0x10, 0x11] as [UInt8])
    func primitive(_ tag: UInt8) {
        #expect(throws: X509Error.self) { try StrictDER.parse([tag, 0x00]) }
    }

    @Test("other classes may have either form")
    func otherClasses() throws {
        for tag in [0x80, 0xa0, 0x40, 0x60, 0xc3, 0xe3] as [UInt8] {
            #expect(throws: Never.self) { try StrictDER.parse(DERElement(tag: tag, DERElement.null.octets).octets) }
        }
    }

    @Test("each field of a request may come in pieces: it is refused")
    func requests() {
        var fields: [ForgedRequest] = []
        let good = ForgedRequest(
            publicKeyInfo: ForgedCertificate.ellipticKey,
            algorithm: ForgedRequest.ecdsaWithSHA256
        )
        for place in [\ForgedRequest.version, \.signature, \.subject, \.publicKeyInfo, \.algorithm] {
            var forged = good
            let element = forged[keyPath: place]
            let contents = Array(element.octets.dropFirst(2))
            // A string's form becomes the compound one and back.
            forged[keyPath: place] = DERElement(tag: element.octets[0] ^ 0x20, contents.isEmpty ? [5, 0] : contents)
            fields.append(forged)
            forged[keyPath: place] = DERElement(tag: element.octets[0] ^ 0x20, [5, 0])
            fields.append(forged)
        }
        for forged in fields {
            #expect(throws: X509Error.self) { try CertificationRequest(der: forged.der) }
        }
    }
}

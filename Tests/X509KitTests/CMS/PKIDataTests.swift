import EnrollmentTestKit
import Testing
import X509Kit

@Suite("CMC request", .timeLimit(.minutes(25)))
struct PKIDataTests {
    private static let request = DERElement.sequence([.octetString([1, 2, 3])])

    @Test("the one request in it is read whole, its controls left alone")
    func shape() throws {
        let der = ForgedSignedMessage.pkiData([Self.request.octets]).octets
        #expect(try PKIData(der: der).certificationRequest == Self.request.octets)
    }

    @Test("none, two, or another kind of request is refused")
    func requests() {
        let empty = DERElement.sequence([])
        let kinds: [[DERElement]] = [
            [], [.context(0, [.integer([1]), Self.request]), .context(0, [.integer([2]), Self.request])],
            [.context(1, [.integer([1]), Self.request])], [.context(2, [])], [Self.request], [.context(0, [])],
            [.context(0, [.integer([1])])], [.context(0, [.integer([1]), .octetString([1])])],
            [.context(0, [.octetString([1]), Self.request])], [.context(0, [.integer([1]), Self.request, .null])],
            [.context(0, octets: [1])],
        ]
        for kind in kinds {
            let der = DERElement.sequence([empty, .sequence(kind), empty, empty]).octets
            #expect(throws: X509Error.self) { try PKIData(der: der) }
        }
    }

    @Test("messages beside the request are refused")
    func messages() {
        let der = ForgedSignedMessage.pkiData([Self.request.octets], messages: [.sequence([])]).octets
        #expect(throws: X509Error.self) { try PKIData(der: der) }
        let tagged = DERElement.sequence([.context(0, [.integer([1]), Self.request])])
        let empty = DERElement.sequence([])
        for fields in [
            [empty, tagged, empty, .sequence([.sequence([])])], [empty, tagged, empty], [empty, tagged],
            [empty, tagged, empty, empty, empty], [.set([]), tagged, empty, empty], [empty, tagged, .null, empty], [],
        ] {
            #expect(throws: X509Error.self) { try PKIData(der: DERElement.sequence(fields).octets) }
        }
    }

    @Test("a CMC request cut off anywhere is refused")
    func truncation() {
        let der = ForgedSignedMessage.pkiData([Self.request.octets]).octets
        for length in der.indices {
            #expect(throws: X509Error.self) { try PKIData(der: Array(der.prefix(length))) }
        }
    }
}

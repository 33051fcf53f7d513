import EnrollmentTestKit
import Testing
import X509Kit

@Suite("Attributes of a certification request", .timeLimit(.minutes(25)))
struct RequestAttributesTests {
    private static func request(_ attributes: DERElement?) throws -> CertificationRequest {
        var forged = ForgedRequest(
            publicKeyInfo: ForgedCertificate.ellipticKey,
            algorithm: ForgedRequest.ecdsaWithSHA256
        )
        forged.attributes = attributes
        return try CertificationRequest(der: forged.der)
    }

    private static let certificate = DERElement.sequence([.octetString([UInt8](repeating: 1, count: 200))])

    @Test("the certificate to be renewed is read whole, wherever it stands among the attributes")
    func renewalCertificate() throws {
        let renewal = ForgedSigner.renewalCertificate(Self.certificate)
        let provider = ForgedSigner.provider("Microsoft Platform Crypto Provider")
        for attributes in [[renewal], [provider, renewal], [renewal, provider]] {
            let request = try Self.request(.context(0, attributes))
            #expect(try request.renewalCertificate() == Self.certificate.octets)
        }
        for attributes in [nil, .context(0, []), .context(0, [provider])] as [DERElement?] {
            #expect(try Self.request(attributes).renewalCertificate() == nil)
        }
    }

    @Test("attributes that cannot be read, or name two certificates, are an error to a renewal only")
    func malformed() throws {
        let renewal = ForgedSigner.renewalCertificate(Self.certificate)
        let two = DERElement.sequence([
            .identifier("1.3.6.1.4.1.311.13.1"), .set([Self.certificate, Self.certificate]),
        ])
        let attributes: [DERElement] = [
            .context(0, [renewal, renewal]), .context(0, [two]), .context(0, [renewal, .null]),
            .context(0, [.sequence([])]), .context(0, octets: [1]),
            .context(0, [.sequence([.identifier("1.3.6.1.4.1.311.13.1"), .set([])])]),
        ]
        for attributes in attributes {
            let request = try Self.request(attributes)
            #expect(throws: X509Error.self) { try request.renewalCertificate() }
        }
    }

    @Test(
        "the provider's name is read as Windows writes it",
        arguments: ["Microsoft Platform Crypto Provider", "Microsoft Software Key Storage Provider", "ä€😀"]
    )
    func provider(_ name: String) throws {
        let request = try Self.request(.context(0, [ForgedSigner.provider(name)]))
        #expect(request.providerName == name)
    }

    @Test("a provider that cannot be read is none, and no refusal")
    func oddProviders() throws {
        let values: [[DERElement]] = [
            [], [.sequence([])], [.sequence([.integer([1])])], [.sequence([.integer([1]), .utf8("name")])],
            [.sequence([.integer([1]), DERElement(tag: 0x1e, [0, 0x41, 0])])], [.utf8("name")],
            [.sequence([.integer([1]), DERElement(tag: 0x1e, [])])],
            [.sequence([.integer([1]), DERElement(tag: 0x1e, [0, 0])])],
            [.sequence([.integer([1]), DERElement(tag: 0x1e, [0, 0x41, 0, 0, 0, 0x42])])],
            [.sequence([.integer([1]), DERElement(tag: 0x1e, [0xd8, 0x00])])],
            [.sequence([.integer([1]), DERElement(tag: 0x1e, [0xdc, 0x00, 0, 0x41])])],
            [.sequence([.null, DERElement(tag: 0x1e, [0, 0x41])])], [.null, .null],
        ]
        for value in values {
            let attribute = DERElement.sequence([.identifier("1.3.6.1.4.1.311.13.2.2"), .set(value)])
            #expect(try Self.request(.context(0, [attribute])).providerName == nil)
        }
        #expect(try Self.request(nil).providerName == nil)
        #expect(try Self.request(.context(0, octets: [1, 2])).providerName == nil)
        let twice = [DERElement](repeating: ForgedSigner.provider("A"), count: 2)
        #expect(try Self.request(.context(0, twice)).providerName == nil)
    }

    @Test("a request that carries no signature by its own words is told from others")
    func unsigned() {
        var forged = ForgedRequest(
            publicKeyInfo: ForgedCertificate.ellipticKey,
            algorithm: .sequence([.identifier("1.3.6.1.5.5.7.6.2"), .null])
        )
        #expect(CertificationRequest.isUnsigned(der: forged.der))
        #expect(throws: X509Error.self) { try CertificationRequest(der: forged.der) }
        forged.algorithm = ForgedRequest.ecdsaWithSHA256
        #expect(!CertificationRequest.isUnsigned(der: forged.der))
        for octets in [[], [0x30, 0x00], [0x30, 0x02, 0x05, 0x00], [0xff]] as [[UInt8]] {
            #expect(!CertificationRequest.isUnsigned(der: octets))
        }
    }
}

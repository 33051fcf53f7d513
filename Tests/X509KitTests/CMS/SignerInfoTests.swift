import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("Signer of a message", .timeLimit(.minutes(25)))
struct SignerInfoTests {
    private static let identity = Result { try ForgedIdentity() }
    private static let content: [UInt8] = [1, 2, 3]

    private static func forged() throws -> ForgedSigner {
        try ForgedSigner(try self.identity.get(), over: self.content)
    }

    private static func signer(_ change: (inout ForgedSigner) -> Void = { _ in }) throws -> SignerInfo {
        var forged = try self.forged()
        change(&forged)
        return try SignerInfo(der: try forged.signed().octets)
    }

    @Test("what is verified is the attributes as they came, under the tag of a set")
    func attributes() throws {
        let forged = try Self.forged()
        let signer = try Self.signer()
        let attributes = try #require(signer.signedAttributes)
        #expect(attributes.signedOctets == DERElement.set(try #require(forged.attributes)).octets)
        #expect(attributes.contentType == .data)
        #expect(attributes.messageDigest == (try Digest.sha256(Self.content)))
        #expect(attributes.renewalCertificate == nil)
        let key = try VerifyingKey(publicKeyInfo: try Self.identity.get().key.publicKeyInfo)
        #expect(try key.verifies(signer.signature, over: attributes.signedOctets, with: .ecdsa(.sha256)))
    }

    @Test("a signer without attributes is read as one")
    func noAttributes() throws {
        #expect(try Self.signer { $0.attributes = nil }.signedAttributes == nil)
    }

    @Test("a signer is found by issuer and serial number, or by key identifier, and by nothing less")
    func identifiers() throws {
        let identity = try Self.identity.get()
        var other = identity
        other.serialNumber = .integer([1, 2])
        other.keyIdentifier = [9]
        var foreign = identity
        foreign.issuer = .name([("2.5.4.3", .utf8("Another Authority"))])
        foreign.keyIdentifier = nil
        let certificates = try [identity, other, foreign].map { try Certificate(der: $0.certificate.octets) }
        let bySerial = try Self.signer()
        #expect(certificates.map(bySerial.isIdentified) == [true, false, false])
        let byKey = try Self.signer {
            $0.version = .integer([3])
            $0.identifier = ForgedSigner.keyIdentifier([UInt8](repeating: 1, count: 20))
        }
        #expect(certificates.map(byKey.isIdentified) == [true, false, false])
    }

    @Test("a renewal certificate among the signed attributes is read whole")
    func renewalCertificate() throws {
        let certificate = try Self.identity.get().certificate
        let signer = try Self.signer { $0.attributes?.append(ForgedSigner.renewalCertificate(certificate)) }
        #expect(signer.signedAttributes?.renewalCertificate == certificate.octets)
    }

    @Test(
        "algorithms are taken as a pair, whether or not the signature names its digest",
        arguments: [
            ("2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.1", .sha256, .rsaWithSHA256),
            ("2.16.840.1.101.3.4.2.2", "1.2.840.113549.1.1.1", .sha384, .rsaWithSHA384),
            ("2.16.840.1.101.3.4.2.3", "1.2.840.113549.1.1.1", .sha512, .rsaWithSHA512),
            ("2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.11", .sha256, .rsaWithSHA256),
            ("2.16.840.1.101.3.4.2.2", "1.2.840.113549.1.1.12", .sha384, .rsaWithSHA384),
            ("2.16.840.1.101.3.4.2.3", "1.2.840.113549.1.1.13", .sha512, .rsaWithSHA512),
            ("2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2", .sha256, .ecdsaWithSHA256),
            ("2.16.840.1.101.3.4.2.2", "1.2.840.10045.4.3.3", .sha384, .ecdsaWithSHA384),
            ("2.16.840.1.101.3.4.2.3", "1.2.840.10045.4.3.4", .sha512, .ecdsaWithSHA512),
            ("2.16.840.1.101.3.4.2.1", "1.2.840.10045.2.1", .sha256, .ecdsaWithSHA256),
            ("2.16.840.1.101.3.4.2.3", "1.3.101.112", .sha512, .ed25519),
        ] as [(String, String, MessageDigest, SignatureScheme)]
    )
    func algorithms(_ digest: String, _ signature: String, _ first: MessageDigest, _ second: SignatureScheme) throws {
        for parameters in [[], [DERElement.null]] {
            let signer = try Self.signer {
                $0.digestAlgorithm = .sequence([.identifier(digest)] + parameters)
                $0.signatureAlgorithm = .sequence([.identifier(signature)])
            }
            #expect(try signer.algorithm().digest == first)
            #expect(try signer.algorithm().scheme == second)
        }
    }

    @Test("a key's own parameters beside its kind are taken")
    func parameters() throws {
        let signer = try Self.signer {
            $0.signatureAlgorithm = .sequence([.identifier("1.2.840.10045.2.1"), .identifier("1.2.840.10045.3.1.7")])
        }
        #expect(try signer.algorithm().scheme == .ecdsaWithSHA256)
    }

    @Test(
        "algorithms that are weak, unknown or no pair are refused",
        arguments: [
            ("1.2.840.113549.2.5", "1.2.840.113549.1.1.1"), ("2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.4"),
            ("2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.12"), ("2.16.840.1.101.3.4.2.3", "1.2.840.10045.4.3.2"),
            ("2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.10"), ("1.2.3", "1.3.101.112"),
        ]
    )
    func refusedAlgorithms(_ digest: String, _ signature: String) throws {
        let signer = try Self.signer {
            $0.digestAlgorithm = .sequence([.identifier(digest)])
            $0.signatureAlgorithm = .sequence([.identifier(signature)])
        }
        #expect(throws: X509Error.self) { try signer.algorithm() }
    }

    @Test(
        "SHA-1 is refused by its name",
        arguments: [
            ("1.3.14.3.2.26", "1.2.840.113549.1.1.1"), ("2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.5"),
            ("2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.1"),
        ]
    )
    func secureHash1(_ digest: String, _ signature: String) throws {
        let signer = try Self.signer {
            $0.digestAlgorithm = .sequence([.identifier(digest), .null])
            $0.signatureAlgorithm = .sequence([.identifier(signature)])
        }
        let error = #expect(throws: X509Error.self) { try signer.algorithm() }
        #expect(error?.description.contains("SHA-1") == true)
    }

    @Test("strange parameters are refused")
    func strangeParameters() throws {
        let changes: [(inout ForgedSigner) -> Void] = [
            { $0.digestAlgorithm = .sequence([.identifier("2.16.840.1.101.3.4.2.1"), .sequence([])]) },
            { $0.digestAlgorithm = .sequence([.identifier("2.16.840.1.101.3.4.2.1"), .null, .null]) },
            { $0.signatureAlgorithm = .sequence([.identifier("1.2.840.113549.1.1.1"), .sequence([])]) },
            { $0.signatureAlgorithm = .sequence([.identifier("1.3.101.112"), .null]) },
            { $0.signatureAlgorithm = .null }, { $0.digestAlgorithm = .sequence([]) },
        ]
        for change in changes {
            let signer = try Self.signer(change)
            #expect(throws: X509Error.self) { try signer.algorithm() }
        }
    }

    @Test(
        "a signer of another form is refused",
        arguments: [
            Deviation("version 0") { $0.version = .integer([0]) },
            Deviation("version 2") { $0.version = .integer([2]) },
            Deviation("an identifier of another kind") { $0.identifier = .context(1, octets: [1]) },
            Deviation("an empty key identifier") { $0.identifier = .context(0, octets: []) },
            Deviation("a key identifier in pieces") { $0.identifier = .context(0, [.octetString([1])]) },
            Deviation("an issuer without a serial number") { $0.identifier = .sequence([.sequence([])]) },
            Deviation("a serial number that is none") { $0.identifier = .sequence([.sequence([]), .null]) },
            Deviation("an issuer that is a string") { $0.identifier = .sequence([.utf8("me"), .integer([1])]) },
            Deviation("three parts of an identifier") {
                $0.identifier = .sequence([.sequence([]), .integer([1]), .null])
            },
            Deviation("no attribute at all") { $0.attributes = [] },
            Deviation("no content type") { $0.attributes?.removeFirst() },
            Deviation("no message digest") { $0.attributes?.removeLast() },
            Deviation("two content types") {
                $0.attributes?.append(ForgedSigner.contentType(ForgedSignedMessage.pkiDataType))
            },
            Deviation("two message digests") { $0.attributes?.append(ForgedSigner.messageDigest([1])) },
            Deviation("two content types in one") {
                let types: [DERElement] = [.identifier("1.2.3"), .identifier("1.2.4")]
                $0.attributes?[0] = .sequence([.identifier("1.2.840.113549.1.9.3"), .set(types)])
            },
            Deviation("a message digest without a value") {
                $0.attributes?[1] = .sequence([.identifier("1.2.840.113549.1.9.4"), .set([])])
            },
            Deviation("a message digest that is no string") {
                $0.attributes?[1] = .sequence([.identifier("1.2.840.113549.1.9.4"), .set([.integer([1])])])
            },
            Deviation("two renewal certificates") {
                $0.attributes? += [DERElement](repeating: ForgedSigner.renewalCertificate(.sequence([])), count: 2)
            },
            Deviation("an attribute that is a string") { $0.attributes?.append(.utf8("attribute")) },
            Deviation("an attribute whose values are a SEQUENCE") {
                $0.attributes?.append(.sequence([.identifier("1.2.3"), .sequence([])]))
            },
            Deviation("an attribute of three parts") {
                $0.attributes?.append(.sequence([.identifier("1.2.3"), .set([]), .null]))
            },
            Deviation("something else behind the signature") { $0.unsignedAttributes = .context(2, []) },
            Deviation("a plain element behind the signature") { $0.unsignedAttributes = .null },
        ] as [Deviation<ForgedSigner>]
    )
    func refusal(_ deviation: Deviation<ForgedSigner>) throws {
        let forged = deviation.applied(to: try Self.forged())
        let der = try forged.signed().octets
        #expect(throws: X509Error.self) { try SignerInfo(der: der) }
    }

    @Test("unsigned attributes are passed over, whatever they hold")
    func unsignedAttributes() throws {
        let signer = try Self.signer { $0.unsignedAttributes = .context(1, [.null]) }
        #expect(signer.signedAttributes != nil)
    }

    @Test("a signer cut off anywhere is refused")
    func truncation() throws {
        let der = try Self.forged().signed().octets
        for length in der.indices {
            #expect(throws: X509Error.self) { try SignerInfo(der: Array(der.prefix(length))) }
        }
    }
}

import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("Signed message", .timeLimit(.minutes(25)))
struct SignedDataTests {
    /// A message as it should be: a request signed by the key of a certificate that comes with it.
    private static let good: Result<ForgedSignedMessage, any Error> = Result {
        let identity = try ForgedIdentity()
        let request = try ForgedRequest(for: identity.key).signed(by: identity.key).der
        let signer = try ForgedSigner(identity, over: request).signed()
        return ForgedSignedMessage(request, certificates: [identity.certificate], signers: [signer])
    }

    @Test("type, content, certificates and signers are read as they stand")
    func shape() throws {
        let forged = try Self.good.get()
        let message = try SignedData(der: forged.der)
        #expect(message.contentType == .data)
        #expect(DERElement.octetString(message.content) == forged.content)
        #expect(message.digestedContent == message.content)
        #expect(message.certificates == forged.certificates?.map(\.octets))
        #expect(message.signers == forged.signers.map(\.octets))
    }

    @Test("content that is a SEQUENCE is signed without its header, as PKCS #7 1.5 has it")
    func oldContent() throws {
        for filling in [0, 100, 120, 200, 300, 70_000] {
            var forged = try Self.good.get()
            let contents = DERElement.octetString([UInt8](repeating: 7, count: filling)).octets
            forged.content = DERElement(tag: 0x30, contents)
            let message = try SignedData(der: forged.der)
            #expect(message.content == forged.content?.octets)
            #expect(message.digestedContent == contents)
        }
    }

    @Test(
        "what others write in their place is taken",
        arguments: [
            Deviation("version 3") { $0.version = .integer([3]) },
            Deviation("version 4") { $0.version = .integer([4]) },
            Deviation("version 5") { $0.version = .integer([5]) },
            Deviation("no digest algorithms") { $0.digestAlgorithms = .set([]) },
            Deviation("no certificates") { $0.certificates = nil },
            Deviation("an empty set of certificates") { $0.certificates = [] },
            Deviation("sixteen certificates") { $0.certificates = Array(repeating: .sequence([]), count: 16) },
            Deviation("no signer") { $0.signers = [] },
            Deviation("three signers") { $0.signers = Array(repeating: .sequence([]), count: 3) },
            Deviation("PKIData") { $0.contentType = .identifier(ForgedSignedMessage.pkiDataType) },
            Deviation("another type") { $0.contentType = .identifier("1.2.3") },
        ] as [Deviation<ForgedSignedMessage>]
    )
    func tolerated(_ deviation: Deviation<ForgedSignedMessage>) throws {
        let forged = deviation.applied(to: try Self.good.get())
        let message = try SignedData(der: forged.der)
        #expect(message.certificates.count == forged.certificates?.count ?? 0)
        #expect(message.signers.count == forged.signers.count)
    }

    @Test(
        "a message of another form is refused",
        arguments: [
            Deviation("another ContentInfo") { $0.type = .identifier("1.2.840.113549.1.7.1") },
            Deviation("version 0") { $0.version = .integer([0]) },
            Deviation("version 2") { $0.version = .integer([2]) },
            Deviation("a giant version") { $0.version = .integer([UInt8](repeating: 0x7f, count: 40)) },
            Deviation("a version that is no number") { $0.version = .null },
            Deviation("digest algorithms in a SEQUENCE") { $0.digestAlgorithms = .sequence([]) },
            Deviation("a digest algorithm that is no SEQUENCE") { $0.digestAlgorithms = .set([.null]) },
            Deviation("a detached signature") { $0.content = nil },
            Deviation("content in pieces") { $0.content = DERElement(tag: 0x24, of: [.octetString([1])]) },
            Deviation("content that is a string of text") { $0.content = .utf8("request") },
            Deviation("content that is a set") { $0.content = .set([]) },
            Deviation("content that is a tag of its own") { $0.content = .context(0, []) },
            Deviation("a content type that is none") { $0.contentType = .null },
            Deviation("seventeen certificates") { $0.certificates = Array(repeating: .sequence([]), count: 17) },
            Deviation("an attribute certificate") { $0.certificates = [.context(1, [])] },
            Deviation("a certificate that is a string") { $0.certificates = [.octetString([1])] },
            Deviation("a signer that is a string") { $0.signers = [.octetString([1])] },
        ] as [Deviation<ForgedSignedMessage>]
    )
    func refusal(_ deviation: Deviation<ForgedSignedMessage>) throws {
        let forged = deviation.applied(to: try Self.good.get())
        #expect(throws: X509Error.self) { try SignedData(der: forged.der) }
    }

    @Test("revocation lists between certificates and signers are passed over; anything else is refused")
    func betweenFields() throws {
        let empty = ForgedSignedMessage([1], certificates: [], signers: [])
        for (tag, isTaken) in [(UInt8(0xa1), true), (0xa2, false), (0x30, false), (0x31, false)] {
            let fields: [DERElement] = [
                empty.version, empty.digestAlgorithms,
                .sequence([empty.contentType, .context(0, [.octetString([1])])]), DERElement(tag: tag, of: []),
                .set([]),
            ]
            let der = DERElement.sequence([empty.type, .context(0, [.sequence(fields)])]).octets
            if isTaken {
                #expect(try SignedData(der: der).signers.isEmpty)
            } else {
                #expect(throws: X509Error.self) { try SignedData(der: der) }
            }
        }
    }

    @Test("two elements under an explicit tag, or none, are refused")
    func explicitTags() throws {
        let good = try Self.good.get()
        for contents in [[], [DERElement.sequence([]), .sequence([])]] {
            let der = DERElement.sequence([good.type, .context(0, contents)]).octets
            #expect(throws: X509Error.self) { try SignedData(der: der) }
        }
        for contents in [[DERElement.octetString([]), .octetString([])], []] {
            let wrapped = DERElement.sequence([good.contentType, .context(0, contents)])
            let fields: [DERElement] = [good.version, good.digestAlgorithms, wrapped, .set([])]
            let der = DERElement.sequence([good.type, .context(0, [.sequence(fields)])]).octets
            #expect(throws: X509Error.self) { try SignedData(der: der) }
        }
    }

    // MARK: Hostile octets

    @Test("a message cut off anywhere, or with octets behind it, is refused")
    func truncation() throws {
        let der = try Self.good.get().der
        for length in der.indices {
            #expect(throws: X509Error.self) { try SignedData(der: Array(der.prefix(length))) }
        }
        for surplus in [[0], [0, 0], [0x30, 0x00], [0xff]] as [[UInt8]] {
            #expect(throws: X509Error.self) { try SignedData(der: der + surplus) }
        }
    }

    @Test("an indefinite length at any level is refused")
    func indefinite() throws {
        let good = try Self.good.get()
        let content = try #require(good.content)
        let endless = { (element: DERElement) in DERElement([element.octets[0], 0x80] + element.octets + [0, 0]) }
        var changed = good
        changed.content = DERElement([0x24, 0x80] + content.octets + [0, 0])
        let inner = DERElement(Array(good.der.dropFirst(4)))
        let whole = [[0x30, 0x80] + inner.octets + [0, 0], endless(DERElement(good.der)).octets, changed.der]
        for der in whole { #expect(throws: X509Error.self) { try SignedData(der: der) } }
        for place in [\ForgedSignedMessage.digestAlgorithms, \.contentType, \.version] {
            changed = good
            changed[keyPath: place] = endless(good[keyPath: place])
            #expect(throws: X509Error.self) { try SignedData(der: changed.der) }
        }
    }

    @Test(
        "a length that is a lie or gigantic is refused without being believed",
        arguments: [
            [0x30, 0x84, 0xff, 0xff, 0xff, 0xff], [0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            [0x30, 0x83, 0x00, 0x00, 0x05], [0x30, 0xfe], [0x30],
        ] as [[UInt8]]
    )
    func lengths(_ header: [UInt8]) throws {
        let der = try Self.good.get().der
        #expect(throws: X509Error.self) { try SignedData(der: header + der.dropFirst(4)) }
        #expect(throws: X509Error.self) { try SignedData(der: header) }
        var inside = try Self.good.get()
        inside.content = DERElement([0x04] + header.dropFirst() + [1])
        #expect(throws: X509Error.self) { try SignedData(der: inside.der) }
    }

    @Test("each bit of a message may be another one: it is read or refused, never an end")
    func mutations() throws {
        let good = try Self.good.get().der
        var outcomes: Set<Bool> = []
        for index in good.indices {
            for bit in 0..<8 {
                var octets = good
                octets[index] ^= 1 << bit
                outcomes.insert(HostileReading.isRead(octets))
            }
        }
        #expect(outcomes == [true, false])
    }

    @Test("five thousand messages with several octets changed are read or refused, never an end", arguments: 1...5)
    func fuzz(seed: UInt64) throws {
        let good = try Self.good.get().der
        let random = SeededRandom(seed: seed)
        var refused = 0
        for _ in 0..<1_000 {
            let draw = random.octets(16)
            var octets = good
            for change in 0...Int(draw[0] & 3) {
                let index = (Int(draw[change * 3 + 1]) << 8 | Int(draw[change * 3 + 2])) % octets.count
                switch draw[change * 3 + 3] % 4 {
                case 0: octets.remove(at: index)
                case 1: octets.insert(draw[15], at: index)
                case 2: octets[index] = [0x80, 0xff, 0x00, 0x24, 0x30, 0x7f, 0x1f, 0x84][Int(draw[14] & 7)]
                default: octets[index] ^= draw[13] | 1
                }
            }
            if !HostileReading.isRead(octets) { refused += 1 }
        }
        // Most changes break something, and some only what is not judged here, such as a signature.
        #expect((500..<1_000).contains(refused))
    }

    // MARK: Others' messages

    @Test("messages of the openssl command are read; its streamed ones are BER and refused")
    func foreign() async throws {
        let authority = try await CommandLineAuthority()
        let device = try await authority.client("device")
        let content = authority.file("content")
        try await CommandLineAuthority.openssl(["rand", "-out", content, "300"])
        for (streaming, name) in [([], "plain"), (["-stream"], "streamed")] as [([String], String)] {
            let output = authority.file(name)
            try await CommandLineAuthority.openssl(
                ["cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", content, "-out", output]
                    + ["-signer", device.certificateFile, "-inkey", device.keyFile, "-md", "sha256"] + streaming
            )
            let der = try FileOctets.read(output)
            guard streaming.isEmpty else {
                #expect(throws: X509Error.self) { try SignedData(der: der) }
                continue
            }
            let message = try SignedData(der: der)
            #expect(message.content == (try FileOctets.read(content)))
            let certificate = try Certificate(der: try #require(message.certificates.first))
            let signer = try SignerInfo(der: try #require(message.signers.first))
            #expect(signer.isIdentified(by: certificate))
            #expect(try signer.algorithm() == signer.algorithm())
            #expect(try signer.algorithm().scheme == .ecdsaWithSHA256)
            #expect(signer.signedAttributes?.contentType == .data)
            #expect(signer.signedAttributes?.messageDigest == (try Digest.sha256(message.content)))
            let key = try VerifyingKey(publicKeyInfo: certificate.publicKeyInfo)
            let octets = try #require(signer.signedAttributes).signedOctets
            #expect(try key.verifies(signer.signature, over: octets, with: .ecdsa(.sha256)))
        }
    }
}

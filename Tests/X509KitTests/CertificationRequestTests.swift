import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("Certification request", .timeLimit(.minutes(25)))
struct CertificationRequestTests {
    private static func windows() -> ForgedRequest {
        var request = ForgedRequest(
            publicKeyInfo: .rsaKey(modulus: ForgedCertificate.modulus(octets: 256)),
            algorithm: ForgedRequest.rsaWithSHA256
        )
        request.signature = .bitString([UInt8](repeating: 0x42, count: 256))
        return request
    }

    @Test("a request as Windows writes it is read, its subject and attributes left alone")
    func shape() throws {
        let forged = Self.windows()
        let request = try CertificationRequest(der: forged.der)
        #expect(request.info == forged.info.octets)
        #expect(request.publicKeyInfo.der == forged.publicKeyInfo.octets)
        #expect(request.scheme == .rsaWithSHA256)
        #expect(request.signature == [UInt8](repeating: 0x42, count: 256))
    }

    @Test(
        "what some clients write is read too",
        arguments: [
            Deviation("no attributes") { $0.attributes = nil },
            Deviation("empty attributes") { $0.attributes = .context(0, []) },
            Deviation("an empty subject") { $0.subject = .sequence([]) },
            Deviation("a subject in UTF-8") { $0.subject = .name([("2.5.4.3", .utf8("6E7F!ä"))]) },
            Deviation("a subject in BMPString") {
                $0.subject = .name([("2.5.4.3", DERElement(tag: 0x1e, [0, 0x41]))])
            },
            Deviation("RSA without parameters") { $0.algorithm = .sequence([.identifier("1.2.840.113549.1.1.11")]) },
            Deviation("an empty signature") { $0.signature = .bitString([]) },
        ] as [Deviation<ForgedRequest>]
    )
    func tolerated(_ deviation: Deviation<ForgedRequest>) throws {
        let forged = deviation.applied(to: Self.windows())
        #expect(try CertificationRequest(der: forged.der).info == forged.info.octets)
    }

    @Test(
        "a request of another form is refused",
        arguments: [
            Deviation("version 1") { $0.version = .integer([1]) },
            Deviation("a version that is no number") { $0.version = .null },
            Deviation("a giant version") { $0.version = .integer([UInt8](repeating: 0x7f, count: 40)) },
            Deviation("a subject that is a set") { $0.subject = .set([]) },
            Deviation("something else for attributes") { $0.attributes = .sequence([]) },
            Deviation("an unknown scheme") { $0.algorithm = .sequence([.identifier("1.2.840.113549.1.1.5"), .null]) },
            Deviation("strange parameters") {
                $0.algorithm = .sequence([.identifier("1.2.840.113549.1.1.11"), .sequence([])])
            },
            Deviation("ECDSA with NULL") { $0.algorithm = .sequence([.identifier("1.2.840.10045.4.3.2"), .null]) },
            Deviation("no bit string") { $0.signature = .octetString([1]) },
            Deviation("bits that are no octets") { $0.signature = .bitString([0x80], unused: 7) },
            Deviation("unused bits that are set") { $0.signature = .bitString([0xff], unused: 7) },
            Deviation("more unused bits than an octet has") { $0.signature = .bitString([0x00], unused: 9) },
            Deviation("unused bits of nothing") { $0.signature = .bitString([], unused: 1) },
            Deviation("no key") { $0.publicKeyInfo = .sequence([]) },
        ] as [Deviation<ForgedRequest>]
    )
    func refusal(_ deviation: Deviation<ForgedRequest>) {
        let forged = deviation.applied(to: Self.windows())
        #expect(throws: X509Error.self) { try CertificationRequest(der: forged.der) }
    }

    @Test("requests of the openssl command are read", arguments: ["P-256", "P-384", "ED25519", "RSA"])
    func foreign(_ kind: String) async throws {
        let arguments = [
            "req", "-new", "-nodes", "-keyout", "/dev/null", "-outform", "PEM", "-subj", "/CN=device!1",
            "-addext", "subjectAltName=DNS:a.example", "-newkey",
        ]
        let key: [String] =
            switch kind {
            case "RSA": ["rsa:2048"]
            case "ED25519": ["ed25519"]
            default: ["ec", "-pkeyopt", "ec_paramgen_curve:\(kind)"]
            }
        let made = try await ExternalCommand.run("openssl", arguments + key)
        let request = try CertificationRequest(der: try #require(PEMText.contents(of: made.output)))
        let read = try VerifyingKey(publicKeyInfo: request.publicKeyInfo.der)
        let algorithm: SignatureAlgorithm =
            switch request.scheme {
            case .rsaWithSHA256: .rsaPKCS1(.sha256)
            case .ed25519: .ed25519
            default: .ecdsa(.sha256)
            }
        #expect(try read.verifies(request.signature, over: request.info, with: algorithm))
    }

    // MARK: Hostile octets

    @Test("a request cut off anywhere is refused")
    func truncation() {
        let der = Self.windows().der
        for length in der.indices {
            #expect(throws: X509Error.self) { try CertificationRequest(der: Array(der.prefix(length))) }
        }
    }

    @Test("octets after a request are refused", arguments: [[0], [0, 0], [0x30, 0x00], [0xff]])
    func trailing(_ surplus: [UInt8]) {
        #expect(throws: X509Error.self) { try CertificationRequest(der: Self.windows().der + surplus) }
    }

    @Test("two surplus elements inside are refused")
    func surplus() {
        let forged = Self.windows()
        let octets = DERElement.sequence([forged.info, forged.algorithm, forged.signature, .null]).octets
        #expect(throws: X509Error.self) { try CertificationRequest(der: octets) }
        let info = DERElement.sequence([forged.version, forged.subject, forged.publicKeyInfo, .context(0, []), .null])
        let inside = DERElement.sequence([info, forged.algorithm, forged.signature]).octets
        #expect(throws: X509Error.self) { try CertificationRequest(der: inside) }
    }

    @Test(
        "a length that is a lie, too long or indefinite is refused",
        arguments: [
            [0x30, 0x80], [0x30, 0x80, 0x02, 0x01, 0x00, 0x00, 0x00], [0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            [0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            [0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            [0x30] + [0xff] + [UInt8](repeating: 0xff, count: 127),
            [0x30, 0x81, 0x00], [0x30, 0x81, 0x7f] + [UInt8](repeating: 0, count: 127), [0x30, 0x82, 0x00, 0x80],
            [0x30], [], [0x1f], [0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x00],
            [0x3f, 0x80, 0x01, 0x00],
        ] as [[UInt8]]
    )
    func lengths(_ octets: [UInt8]) {
        #expect(throws: X509Error.self) { try CertificationRequest(der: octets) }
    }

    @Test("a tower of sequences is refused before it costs a stack", arguments: [0x30, 0xa0, 0x31] as [UInt8])
    func nesting(_ tag: UInt8) {
        var tower: [UInt8] = []
        for _ in 0..<3_000 { tower = DERElement(tag: tag, tower).octets }
        var forged = Self.windows()
        for place in [\ForgedRequest.subject, \.publicKeyInfo, \.algorithm, \.signature] {
            forged = Self.windows()
            forged[keyPath: place] = DERElement(tower)
            #expect(throws: X509Error.self) { try CertificationRequest(der: forged.der) }
        }
        #expect(throws: X509Error.self) { try CertificationRequest(der: tower) }
    }

    @Test("each octet of a request may be changed: it is read or refused, never an end")
    func mutations() throws {
        let good = Self.windows().der
        var outcomes: Set<Bool> = []
        for index in good.indices {
            for bit in 0..<8 {
                var octets = good
                octets[index] ^= 1 << bit
                do throws(X509Error) {
                    // What is read says no more than it was given.
                    let request = try CertificationRequest(der: octets)
                    #expect(request.info.count < octets.count)
                    outcomes.insert(true)
                } catch {
                    #expect(!error.description.isEmpty)
                    outcomes.insert(false)
                }
            }
        }
        #expect(outcomes == [true, false])
    }

    @Test("each pair of octets may be taken out: it is read or refused, never an end")
    func deletions() {
        let good = Self.windows().der
        for index in good.indices.dropLast() {
            var octets = good
            octets.removeSubrange(index...index + 1)
            #expect(throws: X509Error.self) { try CertificationRequest(der: octets) }
        }
    }
}

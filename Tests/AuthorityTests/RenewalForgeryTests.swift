import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing

@Suite("Renewal requests that prove nothing", .timeLimit(.minutes(25)))
struct RenewalForgeryTests {
    @Test("none, two or three signers are refused for their number")
    func signers() throws {
        for isCMC in [false, true] {
            var scene = try RenewalScene()
            scene.isCMC = isCMC
            let other = try ForgedIdentity(serial: 2)
            scene.certificates.append(other.certificate)
            var message = try scene.message()
            let holder = message.signers[0]
            let second = try ForgedSigner(other, over: try scene.content(), contentType: scene.contentType).signed()
            for signers in [[], [holder, second], [second, holder], [holder, holder], [holder, second, second]] {
                message.signers = signers
                #expect(RenewalScene.refusal(of: message.der) == .ineligible("renewal.signers"))
            }
        }
    }

    @Test("a request that was put in the place of the signed one is refused", arguments: [false, true])
    func swappedRequest(isCMC: Bool) throws {
        var scene = try RenewalScene()
        scene.isCMC = isCMC
        var foreign = try RenewalScene()
        foreign.isCMC = isCMC
        for attributes in [true, false] where attributes || !isCMC {
            if !attributes { scene.signer = Deviation("") { $0.attributes = nil } }
            var message = try scene.message()
            message.content = .octetString(try foreign.content())
            #expect(RenewalScene.refusal(of: message.der) == .ineligible("renewal.signature"))
        }
    }

    @Test("another key inside the signed request is refused, although the old key signed it")
    func swappedKey() throws {
        var scene = try RenewalScene()
        scene.request.publicKeyInfo = DERElement(try SigningKey.generate(.ecdsaP256).publicKeyInfo)
        #expect(RenewalScene.refusal(of: try scene.message().der) == .unfit("request.proof-of-possession"))
    }

    @Test(
        "a signature that is not about this content, or not by this key, is refused",
        arguments: [
            Deviation("another digest") { $0.attributes?[1] = ForgedSigner.messageDigest([1] + (1...31)) },
            Deviation("a shorter digest") { $0.attributes?[1] = ForgedSigner.messageDigest([]) },
            Deviation("another type of content") {
                $0.attributes?[0] = ForgedSigner.contentType(ForgedSignedMessage.pkiDataType)
            },
            Deviation("another key") {
                if let key = try? SigningKey.generate(.ecdsaP256) { $0.key = key }
            },
            Deviation("a digest by another algorithm") {
                $0.digestAlgorithm = .sequence([.identifier("2.16.840.1.101.3.4.2.2")])
                $0.signatureAlgorithm = ForgedRequest.algorithm(of: .ecdsaP384)
            },
            Deviation("a scheme for another kind of key") { $0.signatureAlgorithm = ForgedRequest.rsaWithSHA256 },
            Deviation("Ed25519") { $0.signatureAlgorithm = ForgedRequest.algorithm(of: .ed25519) },
        ] as [Deviation<ForgedSigner>]
    )
    func signature(_ deviation: Deviation<ForgedSigner>) throws {
        for isCMC in [false, true] where !isCMC || deviation.description != "another type of content" {
            var scene = try RenewalScene()
            scene.isCMC = isCMC
            scene.signer = deviation
            #expect(RenewalScene.refusal(of: try scene.message().der) == .ineligible("renewal.signature"))
        }
    }

    @Test("an empty signature, zeros, or one over attributes that were changed afterwards are refused")
    func alteredAfterwards() throws {
        let scene = try RenewalScene()
        let content = try scene.content()
        let signer = try scene.signer(over: content)
        var message = try scene.message()
        for signature in [[], [0], DERElement.sequence([.integer([0]), .integer([0])]).octets] {
            message.signers = [signer.element(signature: signature)]
            #expect(RenewalScene.refusal(of: message.der) == .ineligible("renewal.signature"))
        }
        let attributes = try #require(signer.attributes)
        let signature = try scene.holder.key.sign(DERElement.set(attributes).octets)
        for changed in [Array(attributes.reversed()), attributes + [ForgedSigner.renewalCertificate(.sequence([]))]] {
            var altered = signer
            altered.attributes = changed
            message.signers = [altered.element(signature: signature)]
            #expect(RenewalScene.refusal(of: message.der) == .ineligible("renewal.signature"))
        }
        // What was signed as attributes cannot be shown as content, nor content as attributes.
        var bare = signer
        bare.attributes = nil
        message.signers = [bare.element(signature: signature)]
        message.content = .octetString(DERElement.set(attributes).octets)
        #expect(RenewalScene.refusal(of: message.der) == .unfit("request.malformed"))
    }

    @Test("CMC whose signature covers no attributes is refused")
    func withoutAttributes() throws {
        var scene = try RenewalScene()
        scene.isCMC = true
        scene.signer = Deviation("") { $0.attributes = nil }
        #expect(RenewalScene.refusal(of: try scene.message().der) == .unfit("renewal.message"))
    }

    @Test("weak and unknown algorithms are refused, SHA-1 by its name")
    func algorithms() throws {
        var scene = try RenewalScene(.rsa(bits: 2_048))
        scene.signer = Deviation("") { $0.digestAlgorithm = ForgedSigner.sha1 }
        #expect(RenewalScene.refusal(of: try scene.message().der) == .unfit("renewal.algorithm"))
        let octets = try scene.message().der
        let error = #expect(throws: EnrollmentError.self) { try SignedRenewalInspector().inspect(octets) }
        #expect(error?.detail.contains("SHA-1") == true)
    }

    @Test(
        "a signer's certificate that is missing, ambiguous or not the one that is renewed is refused",
        arguments: [
            Deviation("no certificates") { $0.certificates = [] },
            Deviation("another device's certificate only") { $0.certificates = [Self.other.certificate] },
            Deviation("two of one issuer and serial number") { scene in
                var twin = scene.holder
                twin.subject = .name([("2.5.4.3", .utf8("twin"))])
                scene.certificates = [scene.holder.certificate, twin.certificate]
            },
            Deviation("a request that renews another device's") {
                $0.certificates.append(Self.other.certificate)
                $0.request.attributes = .context(0, [ForgedSigner.renewalCertificate(Self.other.certificate)])
            },
            Deviation("a signature that renews another device's") {
                $0.signer = Deviation("") {
                    $0.attributes?.append(ForgedSigner.renewalCertificate(Self.other.certificate))
                }
            },
            Deviation("the same certificate but for one octet") { scene in
                var twin = scene.holder
                twin.subject = .name([("2.5.4.3", .utf8("devicf"))])
                scene.request.attributes = .context(0, [ForgedSigner.renewalCertificate(twin.certificate)])
            },
        ] as [Deviation<RenewalScene>]
    )
    func certificates(_ deviation: Deviation<RenewalScene>) throws {
        let scene = deviation.applied(to: try RenewalScene())
        #expect(RenewalScene.refusal(of: try scene.message().der) == .ineligible("renewal.signer-certificate"))
    }

    // One key for the table above; its identity is what matters.
    private static let other: ForgedIdentity = {
        do {
            return try ForgedIdentity(serial: 2)
        } catch {
            preconditionFailure("no key can be made: \(error)")
        }
    }()

    @Test("another device's certificate in the place of the signer's is refused: the key is not its own")
    func claimedCertificate() throws {
        var scene = try RenewalScene()
        let other = try ForgedIdentity()
        scene.certificates = [other.certificate]
        scene.request.attributes = .context(0, [ForgedSigner.renewalCertificate(other.certificate)])
        #expect(RenewalScene.refusal(of: try scene.message().der) == .ineligible("renewal.signature"))
    }

    @Test("a request without a signature of its own is refused, wherever it stands", arguments: [false, true])
    func unsigned(isCMC: Bool) throws {
        var scene = try RenewalScene()
        scene.isCMC = isCMC
        scene.request.algorithm = .sequence([.identifier("1.3.6.1.5.5.7.6.2"), .null])
        #expect(RenewalScene.refusal(of: try scene.message().der) == .unfit("renewal.inner-request.unsigned"))
    }

    @Test("content that is no request is refused by what it is")
    func content() throws {
        let holder = try ForgedIdentity()
        let good = try RenewalScene().content()
        let cases: [(String, [UInt8], String)] = [
            (ForgedSignedMessage.dataType, [], "request.malformed"),
            (ForgedSignedMessage.dataType, Array("request".utf8), "request.malformed"),
            (ForgedSignedMessage.dataType, [UInt8](repeating: 0x30, count: 16_385), "request.too-long"),
            (ForgedSignedMessage.dataType, ForgedSignedMessage.pkiData([good]).octets, "request.malformed"),
            (ForgedSignedMessage.pkiDataType, good, "renewal.inner-request"),
            (ForgedSignedMessage.pkiDataType, [], "renewal.inner-request"),
            (ForgedSignedMessage.pkiDataType, ForgedSignedMessage.pkiData([]).octets, "renewal.inner-request"),
            (
                ForgedSignedMessage.pkiDataType, ForgedSignedMessage.pkiData([good, good]).octets,
                "renewal.inner-request"
            ),
            ("1.2.840.113549.1.7.2", good, "renewal.inner-request"),
        ]
        for (type, content, rule) in cases {
            let signer = try ForgedSigner(holder, over: content, contentType: type).signed()
            let message = ForgedSignedMessage(
                content,
                contentType: type,
                certificates: [holder.certificate],
                signers: [signer]
            )
            #expect(RenewalScene.refusal(of: message.der) == .unfit(rule), "\(type) \(rule)")
        }
    }

    @Test("attributes of the request that cannot be read are refused")
    func attributes() throws {
        var scene = try RenewalScene()
        let renewal = ForgedSigner.renewalCertificate(scene.holder.certificate)
        for attributes in [[renewal, renewal], [renewal, .null]] {
            scene.request.attributes = .context(0, attributes)
            #expect(RenewalScene.refusal(of: try scene.message().der) == .unfit("renewal.inner-request"))
        }
    }

    @Test("a signer's key that would be costly to use is not used")
    func costlyKey() throws {
        let giants: [DERElement] = [
            .rsaKey(modulus: [0x80] + [UInt8](repeating: 1, count: 1_024)),
            .rsaKey(modulus: [UInt8](repeating: 0x81, count: 256), exponent: [UInt8](repeating: 0x81, count: 33)),
        ]
        for giant in giants {
            var scene = try RenewalScene()
            scene.certificates = [scene.holder.certificate(of: giant)]
            scene.request.attributes = nil
            scene.signer = Deviation("") { $0.signatureAlgorithm = ForgedRequest.rsaWithSHA256 }
            let octets = try scene.message().der
            let error = #expect(throws: EnrollmentError.self) { try SignedRenewalInspector().inspect(octets) }
            #expect(error?.rule == "renewal.signature")
            #expect(error?.detail.contains("larger than any") == true)
        }
    }

    // MARK: Hostile octets

    @Test("a message beyond 32 768 octets is not even read")
    func length() {
        #expect(RenewalScene.refusal(of: [UInt8](repeating: 0x30, count: 32_769)) == .unfit("renewal.too-long"))
        #expect(RenewalScene.refusal(of: [UInt8](repeating: 0x30, count: 32_768)) == .unfit("renewal.message"))
        #expect(RenewalScene.refusal(of: []) == .unfit("renewal.message"))
    }

    @Test("a message cut off anywhere is refused as unreadable")
    func truncation() throws {
        let der = try RenewalScene().message().der
        for length in der.indices {
            #expect(RenewalScene.refusal(of: Array(der.prefix(length))) == .unfit("renewal.message"))
        }
    }

    @Test("indefinite lengths are refused as unreadable")
    func indefinite() throws {
        let scene = try RenewalScene()
        var message = try scene.message()
        let whole = DERElement([0x30, 0x80] + message.der.dropFirst(4) + [0, 0])
        #expect(RenewalScene.refusal(of: whole.octets) == .unfit("renewal.message"))
        message.content = DERElement([0x24, 0x80] + DERElement.octetString(try scene.content()).octets + [0, 0])
        #expect(RenewalScene.refusal(of: message.der) == .unfit("renewal.message"))
    }

    @Test("no octet of a message can be another one without the message losing its proof", arguments: [false, true])
    func mutations(isCMC: Bool) throws {
        var scene = try RenewalScene()
        scene.isCMC = isCMC
        let good = try scene.message().der
        let whole = try SignedRenewalInspector().inspect(good)
        for index in good.indices {
            for bit in [0, 3, 7] as [UInt8] {
                var octets = good
                octets[index] ^= 1 << bit
                do throws(EnrollmentError) {
                    // The message's own version and list of digests are signed by nobody; they change nothing.
                    #expect(try SignedRenewalInspector().inspect(octets).request == whole.request, "\(index) \(bit)")
                } catch {
                    #expect(error.code == .certificateRequest || error.code == .notEligibleToRenew, "\(index) \(bit)")
                }
            }
        }
    }

    @Test("four thousand messages with several octets changed are refused or prove the same", arguments: 1...4)
    func fuzz(seed: UInt64) throws {
        let scene = try RenewalScene()
        let good = try scene.message().der
        let random = SeededRandom(seed: seed)
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
            guard octets != good else { continue }
            do throws(EnrollmentError) {
                #expect(
                    try SignedRenewalInspector().inspect(octets).request.publicKeyInfo == scene.newKey.publicKeyInfo
                )
            } catch {
                #expect(error.code == .certificateRequest || error.code == .notEligibleToRenew)
            }
        }
    }

    @Test("what a refusal says of itself holds nothing of the message")
    func secrecy() throws {
        let error = #expect(throws: EnrollmentError.self) {
            try SignedRenewalInspector().inspect(Array("hunter2 hunter2".utf8))
        }
        #expect(!String(reflecting: try #require(error)).contains("hunter2"))
    }
}

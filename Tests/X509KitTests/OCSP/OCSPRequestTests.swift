import EnrollmentTestKit
import Testing
import X509Kit

/// A change to a good question.
struct QuestionChange: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout ForgedQuestion) -> Void

    init(_ description: String, _ change: @escaping @Sendable (inout ForgedQuestion) -> Void) {
        self.testDescription = description
        self.change = change
    }

    var der: [UInt8] {
        var question = ForgedQuestion()
        self.change(&question)
        return question.der
    }
}

@Suite("OCSP request", .timeLimit(.minutes(25)))
struct OCSPRequestTests {
    @Test("a question is read with its digests, serial number and nonce")
    func good() throws {
        var question = ForgedQuestion()
        question.extensions = [ForgedQuestion.nonce([1, 2, 3, 4])]
        let request = try OCSPRequest(der: question.der)
        let identifier = try #require(request.certificateIDs.first)
        #expect(request.certificateIDs.count == 1)
        #expect(request.nonce == [1, 2, 3, 4])
        #expect(identifier.hash == .sha1)
        #expect(identifier.issuerNameHash == [UInt8](repeating: 1, count: 20))
        #expect(identifier.issuerKeyHash == [UInt8](repeating: 2, count: 20))
        #expect(identifier.serialNumber == [1] + (0x81...0x90))
        #expect(identifier.der == ForgedQuestion.certificateID().octets)
    }

    @Test("an identifier is written as others write it", arguments: [true, false])
    func written(_ writesNull: Bool) throws {
        let identifier = OCSPCertificateID(
            hash: .sha1,
            issuerNameHash: [UInt8](repeating: 1, count: 20),
            issuerKeyHash: [UInt8](repeating: 2, count: 20),
            serialNumber: [1] + (0x81...0x90),
            writesNull: writesNull
        )
        let algorithm = writesNull ? ForgedQuestion.sha1 : .sequence([.identifier("1.3.14.3.2.26")])
        var question = ForgedQuestion()
        question.certificateIDs = [ForgedQuestion.certificateID(algorithm: algorithm)]
        #expect(try OCSPRequest(der: question.der).certificateIDs == [identifier])
    }

    @Test(
        "what may be there besides is taken",
        arguments: [
            QuestionChange("version 1 written out") { $0.version = .context(0, [.integer([0])]) },
            QuestionChange("a name and a signature") {
                $0.requestorName = .context(1, [.context(4, [.name([("2.5.4.3", .utf8("asker"))])])])
                $0.signature = .context(0, [.sequence([ForgedCertificate.ecdsaWithSHA256, .bitString([1])])])
            },
            QuestionChange("an extension that is not critical") {
                $0.extensions = [.sequence([.identifier("1.3.6.1.5.5.7.48.1.4"), .octetString([0x30, 0])])]
            },
            QuestionChange("an extension of the one certificate") {
                $0.singleExtensions = [.sequence([.identifier("1.3.6.1.5.5.7.48.1.7"), .octetString([0x30, 0])])]
            },
            QuestionChange("a nonce of 128 octets") {
                $0.extensions = [ForgedQuestion.nonce([UInt8](repeating: 9, count: 128))]
            },
            QuestionChange("a serial number of 20 octets") {
                $0.certificateIDs = [ForgedQuestion.certificateID(serial: [UInt8](repeating: 1, count: 20))]
            },
            QuestionChange("16 certificates") {
                $0.certificateIDs = (1...16).map { ForgedQuestion.certificateID(serial: [$0]) }
            },
        ]
    )
    func tolerated(_ change: QuestionChange) throws {
        #expect(try OCSPRequest(der: change.der).certificateIDs.isEmpty == false)
    }

    @Test("a digest that is not understood makes an issuer that is not found, not an error")
    func otherDigest() throws {
        var question = ForgedQuestion()
        let algorithm = DERElement.sequence([.identifier("2.16.840.1.101.3.4.2.3")])
        question.certificateIDs = [
            ForgedQuestion.certificateID(algorithm: algorithm, nameHash: [1], keyHash: [2])
        ]
        #expect(try OCSPRequest(der: question.der).certificateIDs.map(\.hash) == [nil])
    }

    @Test(
        "what is not a question is refused",
        arguments: [
            QuestionChange("version 2") { $0.version = .context(0, [.integer([1])]) },
            QuestionChange("no certificate") { $0.certificateIDs = [] },
            QuestionChange("17 certificates") {
                $0.certificateIDs = (1...17).map { ForgedQuestion.certificateID(serial: [$0]) }
            },
            QuestionChange("an empty nonce") { $0.extensions = [ForgedQuestion.nonce([])] },
            QuestionChange("a nonce of 129 octets") {
                $0.extensions = [ForgedQuestion.nonce([UInt8](repeating: 9, count: 129))]
            },
            QuestionChange("two nonces") { $0.extensions = [ForgedQuestion.nonce([1]), ForgedQuestion.nonce([1])] },
            QuestionChange("a nonce that is no OCTET STRING") {
                $0.extensions = [.sequence([.identifier(ForgedQuestion.nonceIdentifier), .octetString([1, 2])])]
            },
            QuestionChange("a critical extension that is not understood") {
                $0.extensions = [
                    .sequence([.identifier("1.3.6.1.5.5.7.48.1.6"), .boolean(true), .octetString([0x30, 0])])
                ]
            },
            QuestionChange("a digest shorter than its algorithm's") {
                $0.certificateIDs = [ForgedQuestion.certificateID(nameHash: [1, 2, 3])]
            },
            QuestionChange("a negative serial number") {
                $0.certificateIDs = [ForgedQuestion.certificateID(serial: [0x80])]
            },
            QuestionChange("a serial number of 21 octets") {
                $0.certificateIDs = [ForgedQuestion.certificateID(serial: [1] + (1...20))]
            },
            QuestionChange("a serial number with needless zeros") {
                $0.certificateIDs = [ForgedQuestion.certificateID(serial: [0, 1])]
            },
            QuestionChange("an empty serial number") { $0.certificateIDs = [ForgedQuestion.certificateID(serial: [])] },
            QuestionChange("surplus fields") { $0.surplus = [.null] },
        ]
    )
    func refused(_ change: QuestionChange) {
        #expect(throws: X509Error.self) { try OCSPRequest(der: change.der) }
    }

    @Test("a question cut off anywhere, followed by anything, or too long is refused")
    func truncated() {
        var question = ForgedQuestion()
        question.extensions = [ForgedQuestion.nonce([1, 2, 3, 4])]
        let good = question.der
        for length in good.indices {
            #expect(throws: X509Error.self) { try OCSPRequest(der: Array(good[..<length])) }
        }
        #expect(throws: X509Error.self) { try OCSPRequest(der: good + [0]) }
        #expect(throws: X509Error.self) { try OCSPRequest(der: [UInt8](repeating: 0x30, count: 100_000)) }
        // Indefinite, and too large.
        #expect(throws: X509Error.self) { try OCSPRequest(der: [0x30, 0x80] + good.dropFirst(2) + [0, 0]) }
        #expect(throws: X509Error.self) { try OCSPRequest(der: [0x30, 0x84, 0xff, 0xff, 0xff, 0xff] + good) }
        #expect(throws: X509Error.self) { try OCSPRequest(der: [0x30, 0x88] + [UInt8](repeating: 0xff, count: 8)) }
    }

    @Test("thousands of damaged questions give a value or an error, never an end")
    func mutations() {
        var question = ForgedQuestion()
        question.extensions = [ForgedQuestion.nonce([1, 2, 3, 4])]
        question.certificateIDs.append(ForgedQuestion.certificateID(serial: [7]))
        let good = question.der
        let random = SeededRandom(seed: 20)
        var refused = 0
        for _ in 0..<20_000 {
            var octets = good
            for pair in stride(from: 0, to: Int(random.octets(1)[0] % 6) + 2, by: 2) {
                let choice = random.octets(3)
                let index = (Int(choice[0]) << 8 | Int(choice[1])) % octets.count
                switch pair % 3 {
                case 0: octets[index] = choice[2]
                case 1: octets.remove(at: index)
                default: octets.insert(choice[2], at: index)
                }
            }
            do throws(X509Error) { _ = try OCSPRequest(der: octets) } catch { refused += 1 }
        }
        #expect(refused > 5_000)
        #expect(refused < 20_000)
    }
}

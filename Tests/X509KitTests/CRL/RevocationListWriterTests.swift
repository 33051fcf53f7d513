import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("CRL writer", .timeLimit(.minutes(25)))
struct RevocationListWriterTests {
    private static let now: Int64 = 1_795_176_000

    private static func body(thisUpdate: Int64 = now, number: Int64 = 300) -> RevocationListBody {
        RevocationListBody(
            scheme: .ecdsaWithSHA256,
            issuer: ForgedCertificate.issuing.subject.octets,
            authorityKeyIdentifier: [UInt8](repeating: 0x22, count: 20),
            number: number,
            thisUpdate: thisUpdate,
            nextUpdate: thisUpdate + 86_400,
            nextPublish: thisUpdate + 21_600,
            distributionPoint: ForgedRevocationList.url
        )
    }

    /// A list with a real signature over what the writer gives.
    private static func list(_ writer: consuming RevocationListWriter) throws -> [UInt8] {
        let key = try SigningKey.generate(.ecdsaP256)
        let toBeSigned = writer.finish()
        let signature = try key.sign(toBeSigned)
        return try RevocationListWriter.list(toBeSigned: toBeSigned, scheme: .ecdsaWithSHA256, signature: signature)
    }

    private static func serial(_ index: Int) -> [UInt8] {
        [1] + (0..<16).map { UInt8(truncatingIfNeeded: index >> ($0 % 4 * 8)) ^ UInt8($0) }
    }

    private static func findings(_ der: [UInt8]) throws -> [LintFinding] {
        RevocationListLint.findings(
            in: der,
            issuer: try Certificate(der: ForgedCertificate.issuing.der),
            distributionPoint: ForgedRevocationList.url
        )
    }

    @Test("openssl reads number, critical distribution point, entries and reasons as they were given")
    func read() async throws {
        var writer = try RevocationListWriter(Self.body(), expectedEntries: 3)
        try writer.append(serialNumber: Self.serial(1), revokedAt: Self.now - 60, reason: .keyCompromise)
        try writer.append(serialNumber: Self.serial(2), revokedAt: Self.now - 50, reason: .unspecified)
        try writer.append(serialNumber: [0x00, 0x80], revokedAt: 2_600_000_000, reason: .certificateHold)
        let der = try Self.list(writer)
        let outcome = try await OpenSSLJudge.judge(der, label: "X509 CRL", by: ["crl", "-noout", "-text"])
        #expect(outcome.status == 0)
        let words = [
            "Version 2 (0x1)", "X509v3 CRL Number: \n                300",
            "Issuing Distribution Point: critical", "URI:" + ForgedRevocationList.url, "Key Compromise",
            "Certificate Hold", "1.3.6.1.4.1.311.21.4", "Serial Number: 80", "2052 GMT",
        ]
        for word in words { #expect(outcome.output.contains(word), "\(word) in \(outcome.output)") }
        #expect(outcome.output.split(separator: "CRL Reason Code").count == 3)
    }

    @Test("what is written is read back, entry by entry, and breaks no rule")
    func roundTrip() throws {
        var writer = try RevocationListWriter(Self.body())
        let reasons = CRLReason.allCases.filter { $0 != .removeFromCRL }
        for (index, reason) in reasons.enumerated() {
            try writer.append(serialNumber: Self.serial(index), revokedAt: Self.now - Int64(index), reason: reason)
        }
        #expect(writer.count == reasons.count)
        let der = try Self.list(writer)
        #expect(try Self.findings(der) == [])
        let list = try CertificateRevocationList(der: der)
        #expect(try list.ownNumber() == 300)
        #expect(try list.thisUpdateSeconds() == Self.now)
        #expect(try list.nextUpdateSeconds() == Self.now + 86_400)
        #expect(try list.nextPublishSeconds() == Self.now + 21_600)
        #expect(try list.distributionPointURLs() == [ForgedRevocationList.url])
        #expect(list.issuer == ForgedCertificate.issuing.subject.octets)
        #expect(try list.scheme() == .ecdsaWithSHA256)
        #expect(try list.entries.count() == reasons.count)
        var reader = list.entries.reader()
        for (index, reason) in reasons.enumerated() {
            let entry = try #require(try reader.next())
            #expect(Array(entry.serialNumber) == Self.serial(index))
            #expect(entry.revokedAt == Self.now - Int64(index))
            #expect(entry.reason == (reason == .unspecified ? nil : reason.rawValue))
        }
        #expect(try reader.next() == nil)
    }

    @Test("without entries the list is absent, not empty")
    func empty() async throws {
        let der = try Self.list(try RevocationListWriter(Self.body()))
        #expect(try Self.findings(der) == [])
        #expect(try CertificateRevocationList(der: der).entries.isEmpty)
        let outcome = try await OpenSSLJudge.judge(der, label: "X509 CRL", by: ["crl", "-noout", "-text"])
        #expect(outcome.output.contains("No Revoked Certificates"))
    }

    @Test(
        "numbers are positive INTEGERs of every length",
        arguments: [1, 127, 128, 255, 256, 32_767, 32_768, 1 << 31, 1 << 55, Int64.max]
    )
    func numbers(_ number: Int64) throws {
        let der = try Self.list(try RevocationListWriter(Self.body(number: number)))
        #expect(try CertificateRevocationList(der: der).ownNumber() == number)
        #expect(try Self.findings(der) == [])
    }

    @Test("times are UTCTime through 2049 and GeneralizedTime from then on")
    func times() throws {
        for moment in [2_524_607_999 - 86_400, 2_524_608_000, 2_524_607_999] as [Int64] {
            var writer = try RevocationListWriter(Self.body(thisUpdate: moment))
            try writer.append(serialNumber: [5], revokedAt: moment, reason: .superseded)
            let der = try Self.list(writer)
            #expect(try Self.findings(der) == [])
            var reader = try CertificateRevocationList(der: der).entries.reader()
            #expect(try reader.next()?.revokedAt == moment)
        }
    }

    @Test("100 000 entries take 50 octets each, and openssl reads them all")
    func many() async throws {
        var writer = try RevocationListWriter(Self.body(), expectedEntries: 100_000)
        for index in 0..<100_000 {
            try writer.append(serialNumber: Self.serial(index), revokedAt: Self.now - 60, reason: .superseded)
        }
        let der = try Self.list(writer)
        #expect((5_000_000..<5_001_000).contains(der.count))
        #expect(try Self.findings(der) == [])
        #expect(try CertificateRevocationList(der: der).entries.count() == 100_000)
    }

    @Test("what has no place on a CRL is refused and leaves the list as it was")
    func refusals() throws {
        var writer = try RevocationListWriter(Self.body())
        for serial in [[], [0x80], [1] + [UInt8](repeating: 1, count: 20)] as [[UInt8]] {
            #expect(throws: X509Error.self) {
                try writer.append(serialNumber: serial, revokedAt: Self.now, reason: .superseded)
            }
        }
        #expect(throws: X509Error.self) {
            try writer.append(serialNumber: [1], revokedAt: Self.now, reason: .removeFromCRL)
        }
        #expect(throws: X509Error.self) { try writer.append(serialNumber: [1], revokedAt: -1, reason: .superseded) }
        #expect(throws: X509Error.self) { try RevocationListWriter(Self.body(number: 0)) }
        #expect(writer.count == 0)
        #expect(try Self.findings(try Self.list(writer)) == [])
    }
}

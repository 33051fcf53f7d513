import EnrollmentTestKit
import Testing
import X509Kit

/// One way to break one rule about CRLs, and nothing that the rule does not imply.
struct ListBreach: Sendable, CustomTestStringConvertible {
    let rule: String
    let implied: Set<String>
    let change: @Sendable (inout ForgedRevocationList, inout ForgedCertificate) -> Void

    init(
        _ rule: String,
        implies: Set<String> = [],
        _ change: @escaping @Sendable (inout ForgedRevocationList) -> Void
    ) {
        self.rule = rule
        self.implied = implies
        self.change = { list, _ in change(&list) }
    }

    init(inIssuer rule: String, _ change: @escaping @Sendable (inout ForgedCertificate) -> Void) {
        self.rule = rule
        self.implied = []
        self.change = { _, issuer in change(&issuer) }
    }

    var testDescription: String { self.rule }
}

@Suite("CRL lint", .timeLimit(.minutes(25)))
struct RevocationListLintTests {
    static let breaches: [ListBreach] = [
        ListBreach("crl.version-2") { $0.version = nil },
        ListBreach("crl.version-2") { $0.version = .integer([2]) },
        ListBreach("crl.signature-algorithms-agree") {
            $0.innerAlgorithm = .sequence([.identifier("1.2.840.10045.4.3.3")])
        },
        ListBreach("crl.signature-algorithm-known") {
            $0.innerAlgorithm = .sequence([.identifier("1.2.840.10045.4.1")])
            $0.outerAlgorithm = $0.innerAlgorithm
        },
        ListBreach("crl.signature-whole-octets") { $0.signature = .bitString([0x30, 0xf0], unused: 4) },
        ListBreach("crl.signature-whole-octets") { $0.signature = .bitString([]) },
        ListBreach("crl.issuer-is-the-issuers-subject") { $0.issuer = .name([("2.5.4.3", .utf8("Another"))]) },
        ListBreach(inIssuer: "crl.issuer-may-sign", { $0.remove(ExtensionID.keyUsage) }),
        ListBreach(
            inIssuer: "crl.issuer-may-sign",
            { $0.put(ExtensionID.keyUsage, critical: true, .bitString([0x04], unused: 2)) }
        ),
        ListBreach("crl.next-update-present") { $0.nextUpdate = nil },
        ListBreach("crl.utctime-through-2049") { $0.nextUpdate = .generalizedTime("20260302000000Z") },
        ListBreach("crl.utctime-through-2049", implies: ["crl.times-in-order", "crl.next-publish-in-between"]) {
            $0.thisUpdate = .utcTime("260301000000+0000")
        },
        ListBreach("crl.times-in-order", implies: ["crl.next-publish-in-between"]) {
            $0.nextUpdate = .utcTime("260301000000Z")
        },
        ListBreach("crl.next-publish-in-between") {
            $0.put("1.3.6.1.4.1.311.21.4", .utcTime("260302000001Z"))
        },
        ListBreach("crl.next-publish-in-between") {
            $0.put("1.3.6.1.4.1.311.21.4", .utcTime("260228235959Z"))
        },
        ListBreach("crl.list-not-empty") { $0.entries = [] },
        ListBreach("crl.entries-readable") { $0.entries = [.null] },
        ListBreach("crl.entries-readable") { $0.entries = [ForgedRevocationList.entry(at: .utf8("260228120000Z"))] },
        ListBreach("crl.entry-serial-number") { $0.entries = [ForgedRevocationList.entry(serial: [0x81])] },
        ListBreach("crl.entry-serial-number") { $0.entries = [ForgedRevocationList.entry(serial: [0])] },
        ListBreach("crl.entry-serial-number") { $0.entries = [ForgedRevocationList.entry(serial: [1] + (1...20))] },
        ListBreach("crl.entry-reason") { $0.entries = [ForgedRevocationList.entry(reason: 8)] },
        ListBreach("crl.entry-reason") { $0.entries = [ForgedRevocationList.entry(reason: 0)] },
        ListBreach("crl.entry-reason") { $0.entries = [ForgedRevocationList.entry(reason: 7)] },
        ListBreach("crl.entry-extensions-known") {
            let issuer = DERElement.sequence([.identifier("2.5.29.29"), .boolean(true), .octetString([0x30, 0])])
            $0.entries = [ForgedRevocationList.entry(others: [issuer])]
        },
        ListBreach("crl.entry-not-in-the-future") {
            $0.entries = [ForgedRevocationList.entry(at: .utcTime("260302000000Z"))]
        },
        ListBreach("crl.extensions-known") { $0.put("2.5.29.18", .sequence([])) },
        ListBreach("crl.extensions-no-duplicates") { list in
            list.extensions = (list.extensions ?? []) + (list.extensions ?? []).suffix(1)
        },
        ListBreach("crl.extensions-criticality") { $0.put("2.5.29.20", critical: true, .integer([7])) },
        ListBreach("crl.authority-key-identifier") { $0.remove("2.5.29.35") },
        ListBreach("crl.authority-key-identifier") {
            $0.put("2.5.29.35", .sequence([.context(0, octets: [1, 2, 3])]))
        },
        ListBreach("crl.number-present") { $0.remove("2.5.29.20") },
        ListBreach("crl.number-positive") { $0.put("2.5.29.20", .integer([0])) },
        ListBreach("crl.number-positive") { $0.put("2.5.29.20", .integer([0xff])) },
        ListBreach("crl.number-positive") { $0.put("2.5.29.20", .integer([1] + (1...20))) },
        ListBreach("crl.distribution-point-critical") { $0.remove("2.5.29.28") },
        ListBreach("crl.distribution-point-critical") { list in
            list.remove("2.5.29.28")
            let point = ForgedRevocationList.distributionPoint(ForgedRevocationList.url, critical: nil)
            list.extensions = (list.extensions ?? []) + [point]
        },
        ListBreach("crl.distribution-point-is-the-certificates") { list in
            list.remove("2.5.29.28")
            let point = ForgedRevocationList.distributionPoint("http://pki.contoso.example/pki/crl/2026-a/1.crl")
            list.extensions = (list.extensions ?? []) + [point]
        },
        ListBreach("crl.distribution-point-is-the-certificates") {
            // onlyContainsUserCerts
            $0.put("2.5.29.28", critical: true, .sequence([.context(1, octets: [0xff])]))
        },
        ListBreach("crl.no-delta") { $0.put("2.5.29.46", .sequence([])) },
        ListBreach("crl.no-delta", implies: ["crl.extensions-criticality"]) {
            $0.put("2.5.29.27", critical: true, .integer([1]))
        },
    ]

    private static func findings(
        _ change: (inout ForgedRevocationList, inout ForgedCertificate) -> Void = { _, _ in }
    ) throws -> [LintFinding] {
        var list = ForgedRevocationList()
        var issuer = ForgedCertificate.issuing
        change(&list, &issuer)
        return RevocationListLint.findings(
            in: list.der,
            issuer: try Certificate(der: issuer.der),
            distributionPoint: ForgedRevocationList.url
        )
    }

    @Test("a CRL with one flaw breaks the rule about it and what follows from that", arguments: breaches)
    func breach(_ breach: ListBreach) throws {
        let broken = try Self.findings(breach.change)
        #expect(Set(broken.map(\.rule)) == breach.implied.union([breach.rule]), "\(broken)")
        #expect(broken.allSatisfy { !$0.message.isEmpty })
    }

    @Test("every rule has a CRL that breaks it, a name of its own and a source")
    func everyRule() {
        #expect(Set(Self.breaches.map(\.rule)) == Set(RevocationListLint.rules.map(\.name)))
        #expect(Set(RevocationListLint.rules.map(\.name)).count == RevocationListLint.rules.count)
        #expect(RevocationListLint.rules.allSatisfy { !$0.source.isEmpty })
    }

    @Test("a CRL without a flaw breaks no rule, with entries and without")
    func good() throws {
        #expect(try Self.findings() == [])
        #expect(try Self.findings { list, _ in list.entries = nil } == [])
        #expect(try Self.findings { list, _ in list.remove("1.3.6.1.4.1.311.21.4") } == [])
    }

    @Test("a CRL cut off anywhere, or with any octet changed, gives findings or none, never an end")
    func mutations() throws {
        let good = ForgedRevocationList().der
        let issuer = try Certificate(der: ForgedCertificate.issuing.der)
        func findings(_ octets: [UInt8]) -> [LintFinding] {
            RevocationListLint.findings(in: octets, issuer: issuer, distributionPoint: ForgedRevocationList.url)
        }
        for length in good.indices {
            #expect(findings(Array(good[..<length])).map(\.rule) == [RevocationListLint.readable.name])
        }
        var refused = 0
        for index in good.indices {
            for value in [0x00, 0x7f, 0x80, 0x84, 0xff, good[index] ^ 1, good[index] ^ 0x20] {
                var octets = good
                octets[index] = value
                if !findings(octets).isEmpty { refused += 1 }
            }
        }
        #expect(refused > good.count)
        #expect(findings(good + [0]).map(\.rule) == [RevocationListLint.readable.name])
    }
}

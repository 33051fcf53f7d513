import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing

/// A draft that must not be signed, and the rule that says so.
struct WrongDraft: Sendable, CustomStringConvertible {
    let rule: String
    let code: EnrollmentError.Code
    let description: String
    let change: @Sendable (CertificateDraft) -> CertificateDraft

    init(
        _ description: String,
        _ rule: String,
        code: EnrollmentError.Code = .internalService,
        _ change: @escaping @Sendable (CertificateDraft) -> CertificateDraft
    ) {
        self.description = description
        self.rule = rule
        self.code = code
        self.change = change
    }
}

@Suite("Trial issuance", .timeLimit(.minutes(25)))
struct TrialIssuanceTests {
    private static func validity(_ days: Int64) -> Validity {
        let now = StoppedClock().now
        return Validity(notBefore: now, notAfter: now.adding(seconds: days * 86_400))
    }

    private static let oddOctets = [UInt8](repeating: 0xc5, count: 128)

    @Test(
        "a draft that would break a rule is refused by its name, and nothing is recorded or signed",
        arguments: [
            WrongDraft("four years", "lint.validity.end-entity-at-most-3-years") {
                $0.with(validity: Self.validity(1_461))
            },
            WrongDraft("longer than its issuer", "lint.validity.end-entity-at-most-3-years") {
                $0.with(validity: Self.validity(2_000))
            },
            WrongDraft("an end before its beginning", "lint.validity.begins-before-it-ends") {
                $0.with(validity: Self.validity(-1))
            },
            WrongDraft("a short serial number", "lint.serial.node-and-16-random-octets") {
                $0.with(serialNumber: SerialNumber(octets: [1, 2, 3]))
            },
            WrongDraft("the usage of an authority", "lint.key-usage.end-entity-does-not-sign") {
                $0.with(keyUsage: [.digitalSignature, .keyCertSign])
            },
            WrongDraft("no usage", "lint.key-usage.not-empty") { $0.with(keyUsage: []) },
            WrongDraft("encipherment with a key that cannot", "lint.key-usage.fits-the-key") {
                $0.with(keyUsage: [.digitalSignature, .keyEncipherment])
            },
            WrongDraft("no purpose", "lint.extended-key-usage.present") { $0.with(purposes: []) },
            WrongDraft("two purposes", "lint.extended-key-usage.single-role") {
                $0.with(purposes: [.clientAuth, .serverAuth])
            },
            WrongDraft("an authority below one that allows none", "lint.basic-constraints.depth-allowed") {
                $0.with(role: .authority(pathLength: 0), keyUsage: [.keyCertSign, .cRLSign])
            },
            WrongDraft("no alternative name", "lint.alternative-names.for-end-entities") {
                $0.with(alternativeNames: [])
            },
            WrongDraft("a host name that is none", "lint.alternative-names.dns") {
                $0.with(alternativeNames: [.dns("a_b.example")])
            },
            WrongDraft("a URI that is relative", "lint.alternative-names.uri") {
                $0.with(alternativeNames: [.uri("device")])
            },
            WrongDraft("a CRL over TLS", "lint.crl-distribution-points.http") {
                $0.with(crlURLs: ["https://pki.contoso.example/pki/crl/2026-a/0.crl"])
            },
            WrongDraft("a CRL of whoever is current", "lint.crl-distribution-points.name-the-issuer") {
                $0.with(crlURLs: ["http://pki.contoso.example/pki/crl/current/0.crl"])
            },
            WrongDraft("no common name", "lint.subject.one-common-name") {
                $0.with(subject: [.init(.organization, "Contoso")])
            },
            WrongDraft("a common name of 65 characters", "issuance.subject") {
                $0.with(subject: [.init(.commonName, String(repeating: "a", count: 65))])
            },
            WrongDraft("no name at all", "issuance.subject") { $0.with(subject: []) },
            WrongDraft("an address of five octets", "issuance.encoding") {
                $0.with(alternativeNames: [.address([1, 2, 3, 4, 5])])
            },
            WrongDraft("a key that cannot be read", "issuance.key") { $0.with(publicKeyInfo: [0x30, 0x00]) },
            WrongDraft("a short RSA key", "lint.key.rsa-at-least-2048-bits", code: .certificateRequest) {
                $0.with(publicKeyInfo: DERElement.rsaKey(modulus: Self.oddOctets).octets)
            },
            WrongDraft("an RSA exponent of three", "lint.key.rsa-exponent", code: .certificateRequest) {
                $0.with(
                    publicKeyInfo: DERElement.rsaKey(modulus: Self.oddOctets + Self.oddOctets, exponent: [3]).octets
                )
            },
            WrongDraft("an issuer that does not sign here", "issuer.unknown") { $0.with(issuerID: "root-2026") },
        ]
    )
    func refusal(_ wrong: WrongDraft) async throws {
        let founding = try await SharedFoundings.all.founding()
        let draft = wrong.change(try founding.draft(try Founding.proven()))
        let error = await #expect(throws: EnrollmentError.self) { try await founding.issue(draft) }
        #expect(error?.rule == wrong.rule)
        #expect(error?.code == wrong.code)
        #expect(try await founding.ledger.certificate(draft.serialNumber) == nil)
    }

    @Test("each broken rule is among the facts")
    func facts() async throws {
        let founding = try await SharedFoundings.all.founding()
        let draft = try founding.draft(try Founding.proven()).with(keyUsage: [], purposes: [])
        let error = await #expect(throws: EnrollmentError.self) { try await founding.authority.prepare(draft) }
        let names = try #require(error).facts.map(\.name)
        #expect(names.contains("key-usage.not-empty"))
        #expect(names.contains("extended-key-usage.present"))
    }

    @Test("an issuer that may sign for servers alone gets no device certificate through")
    func purposes() async throws {
        var plan = try Founding.plan()
        let shipped = plan.issuingProfile
        plan.issuingProfile = CertificateProfile(
            name: shipped.name,
            validityDays: shipped.validityDays,
            backdateSeconds: shipped.backdateSeconds,
            subject: shipped.subject,
            keyUsage: shipped.keyUsage,
            keyUsageForRSA: shipped.keyUsageForRSA,
            purposes: [.serverAuth],
            role: shipped.role,
            includesUserPrincipalName: false,
            includesSecurityIdentifier: false,
            renewal: shipped.renewal
        )
        let founding = try await Founding(plan)
        let draft = try founding.draft(try Founding.proven())
        let error = await #expect(throws: EnrollmentError.self) { try await founding.authority.prepare(draft) }
        #expect(error?.rule == "lint.extended-key-usage.allowed-by-issuer")
    }
}

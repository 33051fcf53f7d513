import EnrollmentTestKit
import Testing
import X509Kit

/// One way to break one rule, and nothing that the rule does not imply.
struct Breach: Sendable, CustomTestStringConvertible {
    let rule: String
    /// Rules that cannot hold either once this one is broken like that.
    let implied: Set<String>
    let kind: ForgedKind
    /// Changes the certificate and, where the rule compares both, its issuer.
    private let change: @Sendable (inout ForgedCertificate, inout ForgedCertificate) -> Void

    init(
        _ rule: String,
        in kind: ForgedKind = .device,
        implies implied: Set<String> = [],
        _ change: @escaping @Sendable (inout ForgedCertificate) -> Void
    ) {
        self.init(rule, in: kind, implies: implied, withIssuer: { certificate, _ in change(&certificate) })
    }

    init(
        _ rule: String,
        in kind: ForgedKind = .device,
        implies implied: Set<String> = [],
        withIssuer change: @escaping @Sendable (inout ForgedCertificate, inout ForgedCertificate) -> Void
    ) {
        self.rule = rule
        self.implied = implied
        self.kind = kind
        self.change = change
    }

    var testDescription: String { self.rule }

    /// What the lint finds in the broken certificate.
    func findings() throws -> [LintFinding] {
        var certificate = self.kind.certificate
        var issuer = self.kind.issuer ?? .root
        self.change(&certificate, &issuer)
        let context = LintContext(
            issuer: self.kind.issuer == nil ? nil : try Certificate(der: issuer.der),
            issuerID: ForgedKind.issuerID
        )
        return CertificateLint.findings(in: certificate.der, context: context)
    }
}

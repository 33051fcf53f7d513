/// One thing that must hold of every certificate this authority issues.
public struct LintRule: Sendable {
    /// A stable dotted name: `validity.utctime-through-2049`.
    public let name: String
    /// Where the rule comes from: `RFC 5280 § 4.1.2.5`, or the incident that taught it.
    public let source: String
    /// Says what is wrong, or `nil`.
    let judge: @Sendable (LintSubject) throws -> String?

    init(_ name: String, _ source: String, _ judge: @escaping @Sendable (LintSubject) throws -> String?) {
        self.name = name
        self.source = source
        self.judge = judge
    }
}

/// A rule that a certificate breaks.
public struct LintFinding: Hashable, Sendable, CustomStringConvertible {
    public let rule: String
    public let message: String

    public var description: String { "\(self.rule): \(self.message)" }
}

/// What a certificate is judged against besides itself.
public struct LintContext: Sendable {
    /// The issuer's certificate; `nil` when the certificate is self-signed.
    public let issuer: Certificate?
    /// What every CRL, OCSP and issuer URL has to contain: the issuer's id as a path component.
    public let issuerID: String

    public init(issuer: Certificate?, issuerID: String) {
        self.issuer = issuer
        self.issuerID = issuerID
    }
}

/// A certificate together with what it is judged against.
struct LintSubject: Sendable {
    let certificate: Certificate
    let context: LintContext

    var isSelfSigned: Bool { self.context.issuer == nil }
}

/// Judges certificates by every rule there is.
public enum CertificateLint {
    /// Every rule, in the order of the certificate's fields.
    public static let rules: [LintRule] =
        structureRules + serialNumberRules + nameRules + validityRules + publicKeyRules + extensionRules
        + constraintRules + usageRules + alternativeNameRules + keyIdentifierRules + locationRules

    /// The rule that octets break which cannot be taken apart at all.
    public static let readable = LintRule("der.certificate", "X.690; RFC 5280 § 4.1") { _ in nil }

    /// Every rule that `der` breaks; empty for a good certificate.
    public static func findings(in der: [UInt8], context: LintContext) -> [LintFinding] {
        let certificate: Certificate
        do throws(X509Error) {
            certificate = try Certificate(der: der)
        } catch {
            return [LintFinding(rule: self.readable.name, message: error.description)]
        }
        let subject = LintSubject(certificate: certificate, context: context)
        return self.rules.compactMap { rule in
            do {
                return try rule.judge(subject).map { LintFinding(rule: rule.name, message: $0) }
            } catch {
                // What a rule cannot even read breaks it.
                return LintFinding(rule: rule.name, message: "\(error)")
            }
        }
    }
}

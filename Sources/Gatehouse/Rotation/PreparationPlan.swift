import EnrollmentCore
import OpenSSLKit

/// Which issuer is to be made, and an id that stands for every fact that decides about it.
struct PreparationPlan: Sendable {
    let id: String
    /// One line each, sorted.
    let facts: [String]
    let issuerID: String
    let role: IssuerRecord.Role
    let algorithm: InitCommand.Algorithm
    let way: KeyWay
    /// Who will sign its certificate; `nil` for a root, which does so itself.
    let signer: IssuerRecord?
    /// `issuing/1`.
    let profile: String
    let validityDays: Int

    /// - Throws: ``EnrollmentError`` when the library makes no digest.
    init(
        _ issuerID: String,
        role: IssuerRecord.Role,
        algorithm: InitCommand.Algorithm,
        way: KeyWay,
        signer: IssuerRecord?,
        profile: CertificateProfile
    ) throws(EnrollmentError) {
        var facts = [
            "verb prepare \(issuerID)", "it is \(role.rawValue), key \(algorithm.rawValue), \(way.fact)",
        ]
        if case .elsewhere(_, let certificate) = way {
            facts.append("certificate \(Hexadecimal.encode(try StepPlan.digest(of: certificate)))")
        } else {
            facts.append("profile \(profile.name) of \(profile.validityDays) days")
        }
        if let signer { facts.append(try StepPlan.fact(of: signer)) }
        facts.sort()
        self.facts = facts
        self.id = try PlanID.of(facts)
        self.issuerID = issuerID
        self.role = role
        self.algorithm = algorithm
        self.way = way
        self.signer = signer
        self.profile = "\(profile.name)"
        self.validityDays = profile.validityDays
    }
}

/// Where a new issuer's key is made, and how its certificate comes about.
enum KeyWay: Hashable, Sendable {
    /// In the store, sealed for the service's passphrase.
    case sealed
    /// On the PKCS #11 token that the configuration calls so.
    case token(String)
    /// In the store, with a certificate that an offline root signs: the request goes into this file.
    case offline(String)
    /// On a machine of its own, where a root made itself: this file held its certificate, DER.
    case elsewhere(file: String, certificate: [UInt8])

    var fact: String {
        switch self {
        case .sealed: "sealed in the store"
        case .token(let name): "on token \(name)"
        case .offline: "sealed in the store, certificate by a ceremony"
        case .elsewhere: "offline"
        }
    }

    /// As it was given on the command line.
    var shellWords: [String] {
        switch self {
        case .sealed: []
        case .token(let name): ["--token", name]
        case .offline(let file): ["--offline", file]
        case .elsewhere(let file, _): ["--certificate", file]
        }
    }
}

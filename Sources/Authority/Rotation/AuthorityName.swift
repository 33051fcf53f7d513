internal import EnrollmentCore
internal import X509Kit

/// What authorities are called: `O=Corp Ltd, CN=Corp Ltd Issuing 2026-A`.
enum AuthorityName {
    static func attributes(
        of id: String,
        as role: IssuerRecord.Role,
        organization: String,
        profile: CertificateProfile
    ) -> [CertificateDraft.NameAttribute] {
        let others = profile.subject.isEmpty ? [.init(.organization, organization)] : profile.subject
        return others + [.init(.commonName, "\(organization)\(self.word(role))\(id)")]
    }

    /// What the organization called itself when it made that issuer.
    static func organization(of issuer: IssuerRecord) throws(EnrollmentError) -> String {
        let attributes = try self.attributes(of: issuer)
        let tail = "\(self.word(issuer.role))\(issuer.id)"
        if let name = attributes.last(where: { $0.kind == .commonName })?.value, name.hasSuffix(tail),
            name.count > tail.count
        {
            return String(name.dropLast(tail.count))
        }
        if let name = attributes.first(where: { $0.kind == .organization })?.value { return name }
        throw EnrollmentError(
            .internalService,
            "The certificate of \(issuer.id) names no organization, so a new one cannot be named after it.",
            rule: "rotation.organization"
        )
    }

    /// The subject of an issuer's certificate, to be written again octet for octet.
    static func attributes(of issuer: IssuerRecord) throws(EnrollmentError) -> [CertificateDraft.NameAttribute] {
        let attributes = try encoding(
            "issuer.certificate",
            "The name in the certificate of \(issuer.id) cannot be taken over"
        ) { () throws(X509Error) in
            let certificate = try Certificate(der: issuer.certificate)
            let attributes = try certificate.subjectAttributes()
            let written = try DistinguishedName(attributes)
            guard written.der == certificate.subject else { throw X509Error("subject: it would be written otherwise") }
            return attributes
        }
        return attributes.map { attribute in
            switch attribute {
            case .country(let value): .init(.country, value)
            case .organization(let value): .init(.organization, value)
            case .organizationalUnit(let value): .init(.organizationalUnit, value)
            case .commonName(let value): .init(.commonName, value)
            }
        }
    }

    /// The id that a root's own machine wrote into its name; `nil` when it was named otherwise.
    static func id(inRoot certificate: Certificate) throws(X509Error) -> String? {
        let names = try certificate.subjectAttributes().compactMap { attribute in
            if case .commonName(let name) = attribute { name } else { nil }
        }
        guard let name = names.last, let last = name.ranges(of: self.word(.root)).last else { return nil }
        return String(name[last.upperBound...])
    }

    private static func word(_ role: IssuerRecord.Role) -> String {
        switch role {
        case .root: " Root "
        case .issuing: " Issuing "
        }
    }
}

package import EnrollmentCore
package import ServiceRuntime

/// Reads a certificate profile from its declarative file.
package enum ProfileFile {
    private enum RoleWord: String, CaseIterable {
        case endEntity = "end-entity"
        case root
        case issuing
    }

    private enum UsageWord: String, CaseIterable {
        case digitalSignature
        case keyEncipherment
        case keyCertSign
        case cRLSign

        var bit: CertificateDraft.KeyUsage {
            switch self {
            case .digitalSignature: .digitalSignature
            case .keyEncipherment: .keyEncipherment
            case .keyCertSign: .keyCertSign
            case .cRLSign: .cRLSign
            }
        }
    }

    /// - Parameters:
    ///   - text: JSON5.
    ///   - file: Its name, for messages.
    /// - Returns: A profile that contradicts neither itself nor what may be issued at all.
    /// - Throws: `SettingsError` with file, line and path.
    package static func parse(_ text: String, file: String) throws(SettingsError) -> CertificateProfile {
        let reader = try SettingsReader(parsing: text, file: file)
        let name = ProfileName(
            name: try reader.requiredString("name"),
            version: try reader.requiredInteger("version", in: 1...1_000_000)
        )
        guard let role = try reader.choice("role", RoleWord.self) else { throw reader.missing("role") }
        let isEndEntity = role == .endEntity
        let profile = CertificateProfile(
            name: name,
            validityDays: try reader.requiredInteger("validityDays", in: 1...(isEndEntity ? 1_096 : 10_958)),
            backdateSeconds: Int64(try reader.integer("backdateSeconds", in: 0...3_600, default: 300)),
            subject: try self.subject(try reader.object("subject")),
            keyUsage: try self.usage(reader, "keyUsage"),
            keyUsageForRSA: try self.usage(reader, "keyUsageForRSA"),
            purposes: try self.purposes(reader),
            role: try self.role(role, reader),
            includesUserPrincipalName: try reader.boolean("includeUserPrincipalName", default: false),
            includesSecurityIdentifier: try reader.boolean("includeSecurityIdentifier", default: false),
            renewal: try self.renewal(reader),
            renewAfterExpiryDays: try reader.integer("renewAfterExpiryDays", in: 0...365, default: 0)
        )
        try self.judge(profile, reader)
        try reader.finish()
        return profile
    }

    private static func judge(_ profile: CertificateProfile, _ reader: SettingsReader) throws(SettingsError) {
        if case .endEntity = profile.role {
            for (key, usage) in [("keyUsage", profile.keyUsage), ("keyUsageForRSA", profile.keyUsageForRSA)] {
                guard usage.isDisjoint(with: [.keyCertSign, .cRLSign]) else {
                    throw reader.error(key, "an end entity must not sign certificates or CRLs")
                }
            }
            if profile.purposes == [.ocspSigning] && profile.validityDays > 90 {
                throw reader.error("validityDays", "an OCSP responder's certificate lives 90 days at most")
            }
            if profile.purposes.count != 1 { throw reader.error("purposes", "an end entity has exactly one purpose") }
            // Only devices are told it.
            if profile.purposes == [.clientAuth] && profile.renewal.renewPeriodDays >= profile.validityDays {
                throw reader.error("renewPeriodDays", "must be smaller than validityDays, or devices renew at birth")
            }
            if profile.renewAfterExpiryDays > 0, profile.purposes != [.clientAuth] {
                throw reader.error("renewAfterExpiryDays", "is for the certificates of devices")
            }
        } else if profile.renewAfterExpiryDays > 0 {
            throw reader.error("renewAfterExpiryDays", "is for the certificates of devices")
        } else if !profile.keyUsage.isSuperset(of: [.keyCertSign, .cRLSign]) {
            throw reader.error("keyUsage", "an authority needs keyCertSign and cRLSign")
        }
    }

    private static func subject(_ reader: SettingsReader?) throws(SettingsError) -> [CertificateDraft.NameAttribute] {
        guard let reader else { return [] }
        var attributes: [CertificateDraft.NameAttribute] = []
        for kind in [CertificateDraft.NameAttribute.Kind.country, .organization, .organizationalUnit] {
            guard let value = try reader.string(kind.rawValue) else { continue }
            if kind == .country && value.utf8.count != 2 { throw reader.error(kind.rawValue, "is not two letters") }
            if value.unicodeScalars.count > 64 { throw reader.error(kind.rawValue, "is longer than 64 characters") }
            attributes.append(.init(kind, value))
        }
        try reader.finish()
        return attributes
    }

    private static func usage(_ reader: SettingsReader, _ key: String) throws(SettingsError)
        -> CertificateDraft.KeyUsage
    {
        var usage: CertificateDraft.KeyUsage = []
        for text in try reader.strings(key) {
            guard let word = UsageWord(rawValue: text) else {
                let known = UsageWord.allCases.map(\.rawValue)
                throw reader.error(key, "\(text) is not a key usage\(text.hint(among: known))")
            }
            usage.formUnion(word.bit)
        }
        return usage
    }

    private static func purposes(_ reader: SettingsReader) throws(SettingsError) -> [CertificateDraft.Purpose] {
        var purposes: [CertificateDraft.Purpose] = []
        for text in try reader.strings("purposes") {
            guard let purpose = CertificateDraft.Purpose(rawValue: text) else {
                let known = CertificateDraft.Purpose.allCases.map(\.rawValue)
                throw reader.error("purposes", "\(text) is not a purpose\(text.hint(among: known))")
            }
            purposes.append(purpose)
        }
        return purposes
    }

    private static func role(_ word: RoleWord, _ reader: SettingsReader) throws(SettingsError) -> CertificateDraft.Role
    {
        let pathLength = try reader.integer("pathLength", in: 0...4)
        switch word {
        case .endEntity:
            if pathLength != nil { throw reader.error("pathLength", "an end entity has no path below it") }
            return .endEntity
        case .root: return .authority(pathLength: pathLength)
        case .issuing: return .authority(pathLength: pathLength ?? 0)
        }
    }

    private static func renewal(_ reader: SettingsReader) throws(SettingsError) -> RenewalSchedule {
        let period = try reader.integer("renewPeriodDays", in: 1...1_000, default: 60)
        let retry = try reader.integer("retryIntervalDays", in: 1...1_000, default: 4)
        guard retry <= period else { throw reader.error("retryIntervalDays", "must not exceed renewPeriodDays") }
        return RenewalSchedule(renewPeriodDays: period, retryIntervalDays: retry)
    }
}

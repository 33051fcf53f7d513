internal import SwiftASN1

extension RevocationListLint {
    static let structureRules: [RevocationListRule] = [
        RevocationListRule("crl.version-2", "RFC 5280 § 5.1.2.1") { subject in
            subject.list.version.map { $0.elementsEqual([1]) } ?? false ? nil : "not version 2"
        },
        RevocationListRule("crl.signature-algorithms-agree", "RFC 5280 § 5.1.1.2") { subject in
            subject.list.innerAlgorithm == subject.list.outerAlgorithm
                ? nil : "the algorithm inside the signed part differs from the one outside"
        },
        RevocationListRule("crl.signature-algorithm-known", "RFC 5758; RFC 4055; RFC 8410") { subject in
            _ = try subject.list.scheme()
            return nil
        },
        RevocationListRule("crl.signature-whole-octets", "RFC 5280 § 5.1.1.3") { subject in
            subject.list.signaturePaddingBits == 0 && !subject.list.signature.isEmpty
                ? nil : "the signature is empty or its bits are not whole octets"
        },
        RevocationListRule("crl.issuer-is-the-issuers-subject", "RFC 5280 § 6.3.3; CRLs were refused for less") {
            subject in
            subject.list.issuer == subject.issuer.subject ? nil : "the octets differ from the issuer's subject"
        },
        RevocationListRule("crl.issuer-may-sign", "RFC 5280 § 4.2.1.3: cRLSign") { subject in
            guard let usage = try subject.issuer.keyUsage() else { return "the issuer has no KeyUsage" }
            return usage & 1 << 6 != 0 ? nil : "the issuer's certificate does not allow cRLSign"
        },
    ]

    static let timeRules: [RevocationListRule] = [
        RevocationListRule("crl.next-update-present", "RFC 5280 § 5.1.2.5") { subject in
            subject.list.nextUpdate == nil ? "no nextUpdate" : nil
        },
        RevocationListRule("crl.utctime-through-2049", "RFC 5280 § 5.1.2.4") { subject in
            for element in [subject.list.thisUpdate, subject.list.nextUpdate] {
                guard let element else { continue }
                let seconds = try CertificateTime.seconds(element)
                let isEarly = seconds < 2_524_608_000
                if isEarly != (element.tag == DERTag.utcTime) { return "GeneralizedTime before 2050, or UTCTime after" }
            }
            return nil
        },
        RevocationListRule("crl.times-in-order", "RFC 5280 § 5.1.2.5") { subject in
            guard let next = try subject.list.nextUpdateSeconds() else { return nil }
            return try subject.list.thisUpdateSeconds() < next ? nil : "it ends before it begins"
        },
        RevocationListRule("crl.next-publish-in-between", "[MS-WCCE] § 3.2.1.4.1.5: before the CRL ends") { subject in
            guard let publish = try subject.list.nextPublishSeconds() else { return nil }
            guard let next = try subject.list.nextUpdateSeconds() else { return nil }
            let isBetween = try subject.list.thisUpdateSeconds() <= publish && publish <= next
            return isBetween ? nil : "the next one is announced for outside the time of this one"
        },
    ]

    static let entryRules: [RevocationListRule] = [
        RevocationListRule("crl.list-not-empty", "RFC 5280 § 5.1.2.6") { subject in
            subject.list.writesEmptyList ? "an empty list of entries" : nil
        },
        RevocationListRule("crl.entries-readable", "RFC 5280 § 5.1") { subject in subject.entries.unreadable },
        RevocationListRule("crl.entry-serial-number", "RFC 5280 § 4.1.2.2") { subject in
            subject.entries.badSerialNumber
        },
        RevocationListRule("crl.entry-reason", "RFC 5280 § 5.3.1") { subject in subject.entries.badReason },
        RevocationListRule("crl.entry-extensions-known", "this authority writes no others, and none critical") {
            subject in
            subject.entries.hasOtherExtensions ? "an entry with more than a reason" : nil
        },
        RevocationListRule("crl.entry-not-in-the-future", "a revocation that has not happened yet") { subject in
            guard let latest = subject.entries.latest, let next = try subject.list.nextUpdateSeconds() else {
                return nil
            }
            return latest < next ? nil : "a certificate revoked after this CRL ends"
        },
    ]

    private static let known = [
        OID.authorityKeyIdentifier, OID.crlNumber, OID.issuingDistributionPoint, OID.crlNextPublish,
    ]

    static let extensionRules: [RevocationListRule] = [
        RevocationListRule("crl.extensions-known", "this authority writes no others") { subject in
            let extensions = subject.list.extensions ?? []
            // These have a rule of their own.
            let delta = [OID.deltaCRLIndicator, OID.freshestCRL]
            let stranger = extensions.first { !Self.known.contains($0.identifier) && !delta.contains($0.identifier) }
            return stranger.map { "extension \($0.identifier)" }
        },
        RevocationListRule("crl.extensions-no-duplicates", "RFC 5280 § 5.2") { subject in
            let identifiers = subject.list.extensions?.map(\.identifier) ?? []
            return Set(identifiers).count == identifiers.count ? nil : "an extension appears twice"
        },
        RevocationListRule("crl.extensions-criticality", "RFC 5280 § 5.2; an unknown critical one is fatal") {
            subject in
            let wrong = subject.list.extensions?.first {
                $0.isCritical && $0.identifier != OID.issuingDistributionPoint
            }
            return wrong.map { "extension \($0.identifier) is critical" }
        },
        RevocationListRule("crl.authority-key-identifier", "RFC 5280 § 5.2.1") { subject in
            guard let identifier = try subject.list.authorityKeyIdentifier() else { return "none" }
            return identifier == subject.issuer.subjectKeyIdentifier ? nil : "not the issuer's SubjectKeyIdentifier"
        },
        RevocationListRule("crl.number-present", "RFC 5280 § 5.2.3") { subject in
            try subject.list.number() == nil ? "no number" : nil
        },
        RevocationListRule("crl.number-positive", "RFC 5280 § 5.2.3: at most 20 octets") { subject in
            guard let number = try subject.list.number() else { return nil }
            let isPositive = number.first.map { $0 < 0x80 } ?? false && number.contains { $0 != 0 }
            return isPositive && number.count <= 20 ? nil : "a number of \(number.count) octets, or below 1"
        },
        RevocationListRule("crl.distribution-point-critical", "RFC 5280 § 5.2.5; a part taken for the whole") {
            subject in
            guard let point = subject.list.value(of: OID.issuingDistributionPoint) else {
                return "no issuing distribution point"
            }
            return point.isCritical ? nil : "the issuing distribution point is not critical"
        },
        RevocationListRule("crl.distribution-point-is-the-certificates", "RFC 5280 § 6.3.3: names are compared") {
            subject in
            guard let urls = try subject.list.distributionPointURLs() else { return nil }
            return urls == [subject.distributionPoint] ? nil : "not the URL that certificates name"
        },
        RevocationListRule("crl.no-delta", "this authority makes complete CRLs alone") { subject in
            let delta = [OID.deltaCRLIndicator, OID.freshestCRL]
            let found = subject.list.extensions?.contains { delta.contains($0.identifier) } ?? false
            return found ? "it is a delta CRL, or names one" : nil
        },
    ]
}

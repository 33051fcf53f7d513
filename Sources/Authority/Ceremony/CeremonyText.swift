package import EnrollmentCore
internal import X509Kit

/// What a request or an answer says, for people; made from its exact octets and nothing else.
package enum CeremonyText {
    package static func of(_ request: CeremonyRequest) throws(EnrollmentError) -> String {
        let root = try CertificateReading.certificate(request.root, of: request.rootID)
        var lines = ["Gatehouse ceremony request \(Self.plain(request.id))", ""]
        lines.append(Self.line("What", Self.words(for: request)))
        lines.append(Self.line("Why", Self.plain(request.reason)))
        lines.append(Self.line("Asked by", "\(Self.plain(request.actor)), \(request.created)"))
        lines.append(Self.line("Root", "\(Self.plain(request.rootID)): \(root.subjectText)"))
        lines.append(Self.line("", "SHA-256 \(try CeremonyReading.sha256(request.root))"))
        for note in request.notes { lines.append(Self.line("Note", Self.plain("\(note.name): \(note.value)"))) }
        if let possession = request.possession {
            let digest = try CeremonyReading.sha256(possession.credential)
            lines.append(
                Self.line(
                    "Proof",
                    possession.signature.isEmpty
                        ? "the root's own certificate SHA-256 \(digest)" : "signed by the key SHA-256 \(digest)"
                )
            )
        }
        if let attestation = request.attestation {
            let issuer = try CertificateReading.certificate(attestation.credential, of: "the issuer that vouches")
            lines += [
                Self.line("Vouched", "signed by \(issuer.subjectText),"),
                Self.line("", "serial \(Hexadecimal.encode(issuer.serialNumber)), SHA-256"),
                Self.line("", "\(try CeremonyReading.sha256(attestation.credential)),"),
                Self.line("", "which has to be an issuer that you still trust"),
            ]
        } else {
            lines.append(Self.line("Vouched", "by nobody: compare the digests below with who asked, by telephone"))
        }
        for (index, item) in request.items.enumerated() {
            lines += ["", "To sign, \(index + 1) of \(request.items.count):"]
            lines += try Self.lines(for: item)
        }
        return (lines + [""]).joined(separator: "\n")
    }

    package static func of(_ response: CeremonyResponse) throws(EnrollmentError) -> String {
        var lines = ["Gatehouse ceremony answer \(Self.plain(response.id))", ""]
        lines.append(Self.line("Request", "SHA-256 \(Hexadecimal.encode(response.requestDigest))"))
        lines.append(
            Self.line(
                "Signed by",
                "\(Self.plain(response.rootID)), \(Self.plain(response.actor)), \(response.signedAt)"
            )
        )
        for (index, result) in response.results.enumerated() {
            lines.append(Self.line("Signed \(index + 1)", "SHA-256 \(try CeremonyReading.sha256(result))"))
        }
        return (lines + [""]).joined(separator: "\n")
    }

    private static func words(for request: CeremonyRequest) -> String {
        let id = Self.plain(request.issuerID)
        return switch request.kind {
        case .founding: "certify \(id), the first issuing authority of a new place"
        case .issuing: "certify \(id), another issuing authority"
        case .root:
            "certify the key of root \(id), so that who trusts \(Self.plain(request.rootID)) trusts what is below it"
        case .crl: "sign what \(id) has revoked"
        }
    }

    private static func lines(for item: CeremonyItem) throws(EnrollmentError) -> [String] {
        switch item.content {
        case .certificate: try Self.lines(forCertificate: item.toBeSigned)
        case .list(let turn): try Self.lines(forList: item.toBeSigned, turn)
        }
    }

    private static func lines(forCertificate octets: [UInt8]) throws(EnrollmentError) -> [String] {
        let certificate = try CeremonyReading.certificate(octets)
        let begin = try CeremonyReading.seconds { () throws(X509Error) in try certificate.notBeforeSeconds() }
        let end = try CeremonyReading.seconds { () throws(X509Error) in try certificate.notAfterSeconds() }
        let key = try CeremonyReading.keyType(certificate.publicKeyInfo)
        let extensions: [(name: String, isCritical: Bool, text: String)]
        do throws(X509Error) {
            extensions = try certificate.extensionTexts()
        } catch {
            throw CeremonyReading.unreadable("certificate", error)
        }
        var lines = [
            Self.line("Certificate", certificate.subjectText), Self.line("issuer", certificate.issuerText),
            Self.line("serial", Hexadecimal.encode(certificate.serialNumber)),
            Self.line("valid", "\(Timestamp(seconds: begin)) to \(Timestamp(seconds: end))"),
            Self.line("key", "\(key.label), SHA-256 \(try CeremonyReading.sha256(certificate.publicKeyInfo))"),
        ]
        for part in extensions {
            lines.append(Self.line("says", "\(part.name)\(part.isCritical ? " (critical)" : ""): \(part.text)"))
        }
        lines.append(Self.line("to be signed", "SHA-256 \(try CeremonyReading.sha256(octets))"))
        return lines
    }

    private static func lines(
        forList octets: [UInt8],
        _ turn: CeremonyItem.ListTurn
    ) throws(EnrollmentError) -> [String] {
        let list = try CeremonyReading.list(octets)
        let begin = try CeremonyReading.seconds { () throws(X509Error) in try list.thisUpdateSeconds() }
        let end = try CeremonyReading.seconds { () throws(X509Error) in try list.nextUpdateSeconds() }
        var lines: [String] = []
        do throws(X509Error) {
            let number = try list.ownNumber().map { "\($0)" } ?? "none"
            let points = try list.distributionPointURLs()?.joined(separator: ", ") ?? "nowhere"
            lines.append(Self.line("CRL", "shard \(turn.shard), number \(number), published at \(Self.plain(points))"))
            lines.append(Self.line("valid", "\(Timestamp(seconds: begin)) to \(Timestamp(seconds: end))"))
            var entries = list.entries.reader()
            var count = 0
            while let entry = try entries.next() {
                let serial = Hexadecimal.encode(Array(entry.serialNumber))
                let reason = entry.reason.map { ", reason \($0)" } ?? ""
                lines.append(Self.line("revoked", "\(serial) \(Timestamp(seconds: entry.revokedAt))\(reason)"))
                count += 1
            }
            lines.append(Self.line("entries", "\(count)"))
        } catch {
            throw CeremonyReading.unreadable("CRL", error)
        }
        lines.append(Self.line("to be signed", "SHA-256 \(try CeremonyReading.sha256(octets))"))
        return lines
    }

    // MARK: Lines

    private static func line(_ label: String, _ text: String) -> String {
        "  \(label)\(String(repeating: " ", count: max(1, 14 - label.count)))\(text)"
    }

    /// In one line, and without anything that steers a terminal.
    private static func plain(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            (0x20...0x7e).contains(scalar.value) || scalar.properties.isAlphabetic
                ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
        }.joined()
    }
}

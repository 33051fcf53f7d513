/// `SSLCLIENTCERTSEARCHCRITERIA`: which certificate the management client presents ([MS-MDE2] § 2.2.9.5).
enum SearchCriteria {
    static func check(
        _ criteria: String,
        finds certificate: IssuedCertificate,
        type: DeviceProfile.EnrollmentType,
        _ judge: Judge
    ) throws(Deviation) {
        var values: [String: String] = [:]
        for pair in criteria.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            values[String(parts[0])] = self.unescape(parts[1])
        }
        let subject = values["Subject"] ?? "none"
        let names = [certificate.subject.parts, certificate.subject.parts.reversed()]
        try judge.require(
            names.contains { subject == $0.joined(separator: ",") || subject == $0.joined(separator: ", ") },
            .searchCriteria,
            "Subject=\(certificate.subject.text), the certificate's own",
            found: subject
        )
        let store = values["Stores"] ?? "none"
        try judge.require(store == "My\\\(type.store)", .searchCriteria, "Stores=My\\\(type.store)", found: store)
    }

    private static func unescape(_ text: some StringProtocol) -> String {
        var octets: [UInt8] = []
        var source = Array(text.utf8)[...]
        while let octet = source.popFirst() {
            let digits = String(decoding: source.prefix(2), as: UTF8.self)
            if octet == UInt8(ascii: "%"), digits.utf8.count == 2, let value = UInt8(digits, radix: 16) {
                octets.append(value)
                source = source.dropFirst(2)
            } else {
                octets.append(octet)
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }
}

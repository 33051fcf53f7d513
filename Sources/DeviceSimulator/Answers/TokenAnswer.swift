internal import XMLKit

/// The octets of the provisioning document that an enrollment answer carries.
struct TokenAnswer: Hashable, Sendable {
    let document: [UInt8]

    /// Reads `RequestSecurityTokenResponseCollection` ([MS-MDE2] § 3.4.4.1.1.2).
    init(header: XMLElement, body: XMLElement, _ judge: Judge) throws(Deviation) {
        try Self.checkTimestamp(in: header, judge)
        try judge.require(
            body.matches("RequestSecurityTokenResponseCollection", in: Names.trust),
            .body,
            "RequestSecurityTokenResponseCollection",
            found: body.localName
        )
        let responses = Array(body.children)
        try judge.require(
            responses.count == 1 && responses[0].matches("RequestSecurityTokenResponse", in: Names.trust),
            .responseShape,
            "one RequestSecurityTokenResponse",
            found: responses.map(\.localName).joined(separator: ", ")
        )
        let parts = Array(responses[0].children)
        let places = [
            ("TokenType", Names.trust), ("DispositionMessage", Names.enrollment),
            ("RequestedSecurityToken", Names.trust), ("RequestID", Names.enrollment),
        ]
        for (index, place) in places.enumerated() {
            try judge.require(
                index < parts.count && parts[index].matches(place.0, in: place.1),
                .responseShape,
                "\(place.0) of \(place.1)",
                found: index < parts.count ? "\(parts[index].localName) of \(parts[index].namespace ?? "-")" : "nothing"
            )
        }
        try judge.require(parts.count == 4, .responseShape, "four elements", found: "\(parts.count)")
        let type = parts[0].trimmedText
        try judge.require(type == Names.deviceToken, .tokenType, Names.deviceToken, found: type)
        let identifier = parts[3].trimmedText
        try judge.require(identifier == "0", .requestID, "RequestID 0", found: identifier)
        self.document = try Self.document(in: parts[2], judge)
    }

    private static func checkTimestamp(in header: XMLElement, _ judge: Judge) throws(Deviation) {
        let timestamp = header.first("Security", in: Names.security)?.first("Timestamp", in: Names.utility)
        let stamp = try judge.unwrap(timestamp, .timestamp, "a Security header with a Timestamp")
        let created = stamp.first("Created", in: Names.utility)?.trimmedText ?? ""
        let expires = stamp.first("Expires", in: Names.utility)?.trimmedText ?? ""
        // Both end in Z and have the same form, so their order is that of their texts.
        try judge.require(
            created.hasSuffix("Z") && expires.hasSuffix("Z") && created.prefix(19) < expires.prefix(19),
            .timestamp,
            "Created before Expires, both in UTC",
            found: "\(created) and \(expires)"
        )
    }

    private static func document(in token: XMLElement, _ judge: Judge) throws(Deviation) -> [UInt8] {
        let binary = try judge.unwrap(
            token.first("BinarySecurityToken", in: Names.security),
            .responseShape,
            "a BinarySecurityToken"
        )
        let type = binary.attribute("ValueType") ?? "none"
        try judge.require(type == Names.provisioningDocument, .tokenKind, Names.provisioningDocument, found: type)
        let encoding = binary.attribute("EncodingType") ?? "none"
        try judge.require(
            encoding.lowercased() == Names.base64.lowercased(),
            .tokenKind,
            Names.base64,
            found: encoding
        )
        return try judge.unwrap(
            Base64.decodeSpaced(binary.octets),
            .base64,
            "padded base64",
            found: "\(binary.octets.count) symbols with something else among them"
        )
    }
}

/// A question about the state of certificates (RFC 6960 § 4.1), read with little work: it is asked thousands of times a
/// second.
///
/// Who asks (requestorName, signature) is nothing to us and is skipped, well divided though it has to be.
public struct OCSPRequest: Hashable, Sendable {
    /// The most certificates that one request may ask about.
    public static let maximumCount = 16
    /// Octets; 16 certificates by SHA-256 with a nonce and a signature stay below.
    public static let maximumLength = 8_192

    /// What is asked about, one at least, in the asker's order.
    public let certificateIDs: [OCSPCertificateID]
    /// 1–128 octets that the answer has to repeat (RFC 9654); such an answer is made for this asker alone.
    public let nonce: [UInt8]?

    /// Reads exactly one request.
    ///
    /// - Throws: ``X509Error``; the answer is `malformedRequest` then.
    public init(der: [UInt8]) throws(X509Error) {
        guard der.count <= Self.maximumLength else {
            throw X509Error("OCSP request: \(der.count) octets; \(Self.maximumLength) are taken")
        }
        var top = DERCursor(der[...])
        var outer = try top.required(DERTag.sequence, "OCSP request").cursor
        try top.end("OCSP request")
        var fields = try outer.required(DERTag.sequence, "tbsRequest").cursor
        // optionalSignature
        _ = try outer.optional(DERTag.explicit(0))
        try outer.end("OCSP request")

        if let version = try fields.optional(DERTag.explicit(0)) {
            guard version.contents.elementsEqual([DERTag.integer, 1, 0]) else {
                throw X509Error("OCSP request: not version 1")
            }
        }
        // requestorName
        _ = try fields.optional(DERTag.explicit(1))
        var list = try fields.required(DERTag.sequence, "requestList").cursor
        let extensions = try fields.optional(DERTag.explicit(2))
        try fields.end("tbsRequest")

        var certificateIDs: [OCSPCertificateID] = []
        while let element = try list.next() {
            guard certificateIDs.count < Self.maximumCount else {
                throw X509Error("OCSP request: more than \(Self.maximumCount) certificates at once")
            }
            guard element.tag == DERTag.sequence else { throw X509Error("request: not a SEQUENCE") }
            var parts = element.cursor
            certificateIDs.append(try OCSPCertificateID(try parts.required(DERTag.sequence, "reqCert")))
            if let single = try parts.optional(DERTag.explicit(0)) { _ = try Self.nonce(in: single) }
            try parts.end("request")
        }
        guard !certificateIDs.isEmpty else { throw X509Error("OCSP request: no certificate is asked about") }
        self.certificateIDs = certificateIDs
        self.nonce = try extensions.map(Self.nonce) ?? nil
    }

    /// Contents of the object identifier 1.3.6.1.5.5.7.48.1.2.
    private static let nonceIdentifier: [UInt8] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02]

    /// The nonce among the extensions.
    ///
    /// - Throws: ``X509Error`` for a critical extension that is not understood (RFC 6960 § 4.4), and for a nonce of a
    ///   length that RFC 9654 § 2.1 refuses.
    private static func nonce(in field: DERCursor.Element) throws(X509Error) -> [UInt8]? {
        var wrapper = field.cursor
        var list = try wrapper.required(DERTag.sequence, "extensions").cursor
        try wrapper.end("extensions")
        var nonce: [UInt8]?
        while let element = try list.next() {
            guard element.tag == DERTag.sequence else { throw X509Error("extension: not a SEQUENCE") }
            var parts = element.cursor
            let name = try parts.required(DERTag.objectIdentifier, "extnID").contents
            let isCritical = try parts.optional(DERTag.boolean)?.contents.contains { $0 != 0 } ?? false
            let value = try parts.required(DERTag.octetString, "extnValue")
            try parts.end("extension")
            guard name.elementsEqual(Self.nonceIdentifier) else {
                guard !isCritical else { throw X509Error("OCSP request: a critical extension that is not understood") }
                continue
            }
            var inner = value.cursor
            let octets = try inner.required(DERTag.octetString, "nonce").contents
            try inner.end("nonce")
            guard nonce == nil, (1...128).contains(octets.count) else {
                throw X509Error("OCSP request: a nonce of \(octets.count) octets, or a second one")
            }
            nonce = Array(octets)
        }
        return nonce
    }
}

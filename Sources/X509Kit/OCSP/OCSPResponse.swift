internal import SwiftASN1

/// An OCSP answer taken apart again; its signature is not checked here.
public struct OCSPResponse: Hashable, Sendable {
    /// `nil` for an answer with statements in it.
    public let refusal: OCSPRefusal?
    /// The exact octets that are signed; empty for a refusal, like everything below.
    public let toBeSigned: [UInt8]
    public let responderKeyHash: [UInt8]
    /// Seconds since 1970.
    public let producedAt: Int64
    public let singles: [OCSPResponseData.Single]
    public let nonce: [UInt8]?
    public let signature: [UInt8]
    /// DER each.
    public let certificates: [[UInt8]]

    /// Reads exactly one answer of the kind that ``OCSPResponseData`` writes: by key, one kind of digest, no further
    /// extensions.
    public init(der: [UInt8]) throws(X509Error) {
        var top = DERCursor(der[...])
        var outer = try top.required(DERTag.sequence, "OCSP response").cursor
        try top.end("OCSP response")
        let status = try outer.required(DERTag.enumerated, "responseStatus").contents
        guard status.count == 1, let code = status.first, code == 0 || OCSPRefusal(rawValue: code) != nil else {
            throw X509Error("responseStatus: unknown")
        }
        guard code == 0 else {
            try outer.end("OCSP response")
            self.refusal = OCSPRefusal(rawValue: code)
            (self.toBeSigned, self.responderKeyHash, self.producedAt, self.singles) = ([], [], 0, [])
            (self.nonce, self.signature, self.certificates) = (nil, [], [])
            return
        }
        self.refusal = nil
        var wrapper = try outer.required(DERTag.explicit(0), "responseBytes").cursor
        try outer.end("OCSP response")
        var typed = try wrapper.required(DERTag.sequence, "responseBytes").cursor
        _ = try typed.required(DERTag.objectIdentifier, "responseType")
        var contents = try typed.required(DERTag.octetString, "response").cursor
        var basic = try contents.required(DERTag.sequence, "basicOCSPResponse").cursor
        let body = try basic.required(DERTag.sequence, "tbsResponseData")
        _ = try basic.required(DERTag.sequence, "signatureAlgorithm")
        self.signature = Array(try basic.required(DERTag.bitString, "signature").contents.dropFirst())
        var certificates: [[UInt8]] = []
        if let field = try basic.optional(DERTag.explicit(0)) {
            var wrapper = field.cursor
            var list = try wrapper.required(DERTag.sequence, "certs").cursor
            while let certificate = try list.next() { certificates.append(Array(certificate.whole)) }
        }
        try basic.end("basicOCSPResponse")
        self.certificates = certificates
        self.toBeSigned = Array(body.whole)

        var fields = body.cursor
        var responder = try fields.required(DERTag.explicit(2), "responderID byKey").cursor
        self.responderKeyHash = Array(try responder.required(DERTag.octetString, "byKey").contents)
        self.producedAt = try CertificateTime.seconds(try fields.required(DERTag.generalizedTime, "producedAt"))
        var list = try fields.required(DERTag.sequence, "responses").cursor
        var singles: [OCSPResponseData.Single] = []
        while let element = try list.next() { singles.append(try OCSPResponseData.Single(element)) }
        self.singles = singles
        self.nonce = try fields.optional(DERTag.explicit(1)).map(Self.nonce) ?? nil
        try fields.end("tbsResponseData")
    }

    private static func nonce(in field: DERCursor.Element) throws(X509Error) -> [UInt8]? {
        var wrapper = field.cursor
        var list = try wrapper.required(DERTag.sequence, "responseExtensions").cursor
        while let element = try list.next() {
            let found = try CertificateRevocationList.extension(element)
            guard found.identifier == OID.ocspNonce else { continue }
            var inner = DERCursor(found.value)
            return Array(try inner.required(DERTag.octetString, "nonce").contents)
        }
        return nil
    }
}

extension OCSPResponseData.Single {
    fileprivate init(_ element: DERCursor.Element) throws(X509Error) {
        var fields = element.cursor
        self.certificateID = try OCSPCertificateID(try fields.required(DERTag.sequence, "certID"))
        guard let status = try fields.next() else { throw X509Error("certStatus: missing") }
        switch status.tag {
        case DERTag.implicit(0): self.status = .good
        case DERTag.implicit(2): self.status = .unknown
        case DERTag.explicit(1): self.status = try Self.revoked(status)
        default: throw X509Error("certStatus: unknown kind")
        }
        self.thisUpdate = try CertificateTime.seconds(try fields.required(DERTag.generalizedTime, "thisUpdate"))
        var next = try fields.required(DERTag.explicit(0), "nextUpdate").cursor
        self.nextUpdate = try CertificateTime.seconds(try next.required(DERTag.generalizedTime, "nextUpdate"))
        try fields.end("singleResponse")
    }

    private static func revoked(_ element: DERCursor.Element) throws(X509Error) -> OCSPResponseData.Status {
        var parts = element.cursor
        let moment = try CertificateTime.seconds(try parts.required(DERTag.generalizedTime, "revocationTime"))
        guard let field = try parts.optional(DERTag.explicit(0)) else {
            return .revoked(at: moment, reason: .unspecified)
        }
        var inner = field.cursor
        let code = try inner.required(DERTag.enumerated, "revocationReason").contents
        guard let reason = code.first.flatMap({ CRLReason(rawValue: $0) }) else {
            throw X509Error("revocationReason: unknown")
        }
        return .revoked(at: moment, reason: reason)
    }
}

internal import SwiftASN1

/// A CRL (RFC 5280 § 5) taken apart just far enough to be judged, shown and asked; its entries stay octets.
///
/// Reading is lenient where a rule of ``RevocationListLint`` has an opinion: what it forbids must be readable. The
/// signature is not checked here.
public struct CertificateRevocationList: Sendable {
    struct Extension: Sendable {
        let identifier: ASN1ObjectIdentifier
        let isCritical: Bool
        let value: ArraySlice<UInt8>
    }

    public let der: [UInt8]
    /// The exact octets of TBSCertList, a part of ``der``.
    public let toBeSigned: ArraySlice<UInt8>
    /// DER of the issuer's Name.
    public let issuer: [UInt8]
    public let signature: [UInt8]
    /// One entry for each certificate, in the order in which they are written; read as they are asked for.
    public let entries: RevocationListEntries

    /// `nil` when the field is absent.
    let version: ArraySlice<UInt8>?
    let innerAlgorithm: ArraySlice<UInt8>
    let outerAlgorithm: ArraySlice<UInt8>
    let thisUpdate: DERCursor.Element
    let nextUpdate: DERCursor.Element?
    /// Whether the list of entries is there although it is empty.
    let writesEmptyList: Bool
    /// `nil` when the field is absent.
    let extensions: [Extension]?
    let signaturePaddingBits: UInt8

    /// Reads exactly one CRL.
    ///
    /// - Throws: ``X509Error`` when the octets are not DER or not of a CRL's outer structure. Entries are looked into
    ///   only when they are read.
    public init(der: [UInt8]) throws(X509Error) {
        var top = DERCursor(der[...])
        var outer = try top.required(DERTag.sequence, "CRL").cursor
        try top.end("CRL")
        let body = try outer.required(DERTag.sequence, "tbsCertList")
        self.outerAlgorithm = try outer.required(DERTag.sequence, "signatureAlgorithm").whole
        let signature = try outer.required(DERTag.bitString, "signatureValue").contents
        try outer.end("CRL")
        guard let padding = signature.first, padding < 8 else { throw X509Error("signatureValue: not a BIT STRING") }
        self.signaturePaddingBits = padding
        self.signature = Array(signature.dropFirst())

        var fields = body.cursor
        self.version = try fields.optional(DERTag.integer)?.contents
        self.innerAlgorithm = try fields.required(DERTag.sequence, "signature").whole
        self.issuer = Array(try fields.required(DERTag.sequence, "issuer").whole)
        guard let thisUpdate = try fields.next() else { throw X509Error("thisUpdate: missing") }
        self.thisUpdate = thisUpdate
        let hasNextUpdate = fields.nextTag == DERTag.utcTime || fields.nextTag == DERTag.generalizedTime
        self.nextUpdate = hasNextUpdate ? try fields.next() : nil
        let list = try fields.optional(DERTag.sequence)
        self.writesEmptyList = list?.contents.isEmpty ?? false
        self.entries = RevocationListEntries(list?.contents ?? [])
        self.extensions = try fields.optional(DERTag.explicit(0)).map(Self.extensions)
        try fields.end("tbsCertList")
        self.der = der
        self.toBeSigned = body.whole
    }

    private static func extensions(_ field: DERCursor.Element) throws(X509Error) -> [Extension] {
        var wrapper = field.cursor
        var list = try wrapper.required(DERTag.sequence, "crlExtensions").cursor
        try wrapper.end("crlExtensions")
        var extensions: [Extension] = []
        while let element = try list.next() {
            extensions.append(try Self.extension(element))
        }
        return extensions
    }

    static func `extension`(_ element: DERCursor.Element) throws(X509Error) -> Extension {
        guard element.tag == DERTag.sequence else { throw X509Error("extension: not a SEQUENCE") }
        var parts = element.cursor
        let name = try parts.required(DERTag.objectIdentifier, "extnID").whole
        let critical = try parts.optional(DERTag.boolean)?.contents
        let value = try parts.required(DERTag.octetString, "extnValue").contents
        try parts.end("extension")
        return Extension(
            identifier: try asX509Error("extnID") { try ASN1ObjectIdentifier(derEncoded: try StrictDER.parse(name)) },
            isCritical: critical.map { $0.contains { $0 != 0 } } ?? false,
            value: value
        )
    }

    func value(of identifier: ASN1ObjectIdentifier) -> Extension? {
        self.extensions?.first { $0.identifier == identifier }
    }
}

extension CertificateRevocationList {
    public func scheme() throws(X509Error) -> SignatureScheme {
        try asX509Error("signature algorithm") { try SignatureScheme(node: try StrictDER.parse(self.outerAlgorithm)) }
    }

    /// Seconds since 1970.
    public func thisUpdateSeconds() throws(X509Error) -> Int64 {
        try CertificateTime.seconds(self.thisUpdate)
    }

    /// Seconds since 1970; `nil` when the CRL does not say until when it counts.
    public func nextUpdateSeconds() throws(X509Error) -> Int64? {
        guard let element = self.nextUpdate else { return nil }
        return try CertificateTime.seconds(element)
    }

    /// Contents of the CRL number's INTEGER, big-endian; `nil` when there is none.
    public func number() throws(X509Error) -> [UInt8]? {
        guard let value = self.value(of: OID.crlNumber)?.value else { return nil }
        var cursor = DERCursor(value)
        let number = try cursor.required(DERTag.integer, "cRLNumber").contents
        try cursor.end("cRLNumber")
        return Array(number)
    }

    /// The CRL number, where it is one of those that this authority gives out; `nil` when there is none or it is
    /// negative or larger.
    public func ownNumber() throws(X509Error) -> Int64? {
        guard let octets = try self.number(), let first = octets.first, first < 0x80, octets.count <= 8 else {
            return nil
        }
        return octets.reduce(0) { $0 << 8 | Int64($1) }
    }

    /// The key identifier of the issuer; `nil` when there is none.
    public func authorityKeyIdentifier() throws(X509Error) -> [UInt8]? {
        guard let value = self.value(of: OID.authorityKeyIdentifier)?.value else { return nil }
        var cursor = DERCursor(value)
        var fields = try cursor.required(DERTag.sequence, "authorityKeyIdentifier").cursor
        return try fields.optional(DERTag.implicit(0)).map { Array($0.contents) }
    }

    /// The URLs of the issuing distribution point; `nil` when the extension is absent.
    ///
    /// - Throws: ``X509Error`` for one that restricts the CRL in any other way than by its name.
    public func distributionPointURLs() throws(X509Error) -> [String]? {
        guard let value = self.value(of: OID.issuingDistributionPoint)?.value else { return nil }
        var cursor = DERCursor(value)
        var fields = try cursor.required(DERTag.sequence, "issuingDistributionPoint").cursor
        var point = try fields.required(DERTag.explicit(0), "distributionPoint").cursor
        var names = try point.required(DERTag.explicit(0), "fullName").cursor
        try fields.end("issuingDistributionPoint")
        var urls: [String] = []
        while let name = try names.next() {
            guard name.tag == DERTag.implicit(6) else { throw X509Error("issuingDistributionPoint: not a URI") }
            urls.append(String(decoding: name.contents, as: UTF8.self))
        }
        return urls
    }

    /// Seconds since 1970 at which the next CRL is published, as Microsoft's extension says; `nil` without it.
    public func nextPublishSeconds() throws(X509Error) -> Int64? {
        guard let value = self.value(of: OID.crlNextPublish)?.value else { return nil }
        var cursor = DERCursor(value)
        guard let element = try cursor.next() else { throw X509Error("nextPublish: empty") }
        try cursor.end("nextPublish")
        return try CertificateTime.seconds(element)
    }
}

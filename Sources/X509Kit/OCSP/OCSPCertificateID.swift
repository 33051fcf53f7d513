/// The certificate that is asked about (RFC 6960 § 4.1.1): its issuer by two digests, and its serial number.
public struct OCSPCertificateID: Hashable, Sendable {
    /// The digests of issuers that are understood.
    public enum HashAlgorithm: Hashable, Sendable, CaseIterable {
        case sha1
        case sha256

        /// Contents of the object identifier.
        fileprivate var identifier: [UInt8] {
            switch self {
            case .sha1: [0x2b, 0x0e, 0x03, 0x02, 0x1a]
            case .sha256: [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01]
            }
        }

        /// Octets of a digest.
        public var length: Int {
            switch self {
            case .sha1: 20
            case .sha256: 32
            }
        }
    }

    /// As the asker wrote it; an answer repeats it octet for octet, or some askers do not know it again.
    public let der: [UInt8]
    /// `nil` for a digest that is not understood: such an issuer is not found.
    public let hash: HashAlgorithm?
    /// Over the issuer's Name, DER.
    public let issuerNameHash: [UInt8]
    /// Over the bits of the issuer's public key.
    public let issuerKeyHash: [UInt8]
    /// Contents of the serial number's INTEGER, 1–20 octets, positive and in its shortest form.
    public let serialNumber: [UInt8]

    /// How a question about this certificate is written; the digest's parameters as NULL, as most askers do, or not at
    /// all.
    public init(
        hash: HashAlgorithm,
        issuerNameHash: [UInt8],
        issuerKeyHash: [UInt8],
        serialNumber: [UInt8],
        writesNull: Bool = true
    ) {
        self.hash = hash
        self.issuerNameHash = issuerNameHash
        self.issuerKeyHash = issuerKeyHash
        self.serialNumber = serialNumber
        let identifier = DERHeader.element(DERTag.objectIdentifier, hash.identifier)
        let algorithm = DERHeader.element(DERTag.sequence, identifier + (writesNull ? [DERTag.null, 0] : []))
        self.der = DERHeader.element(
            DERTag.sequence,
            algorithm + DERHeader.element(DERTag.octetString, issuerNameHash)
                + DERHeader.element(DERTag.octetString, issuerKeyHash)
                + DERHeader.element(DERTag.integer, serialNumber)
        )
    }

    /// Reads what ``der`` gave.
    public init(der: [UInt8]) throws(X509Error) {
        var cursor = DERCursor(der[...])
        let element = try cursor.required(DERTag.sequence, "CertID")
        try cursor.end("CertID")
        try self.init(element)
    }

    init(_ element: DERCursor.Element) throws(X509Error) {
        var fields = element.cursor
        var algorithm = try fields.required(DERTag.sequence, "hashAlgorithm").cursor
        let identifier = try algorithm.required(DERTag.objectIdentifier, "hashAlgorithm").contents
        if let parameters = try algorithm.optional(DERTag.null), !parameters.contents.isEmpty {
            throw X509Error("hashAlgorithm: a NULL that is not empty")
        }
        let nameHash = try fields.required(DERTag.octetString, "issuerNameHash").contents
        let keyHash = try fields.required(DERTag.octetString, "issuerKeyHash").contents
        let serialNumber = try fields.required(DERTag.integer, "serialNumber").contents
        try fields.end("CertID")
        guard let first = serialNumber.first, serialNumber.count <= 20, first < 0x80,
            first != 0 || serialNumber.count == 1 || serialNumber[serialNumber.startIndex + 1] >= 0x80
        else {
            throw X509Error("serialNumber: not a positive INTEGER of at most 20 octets in its shortest form")
        }
        let hash = HashAlgorithm.allCases.first { identifier.elementsEqual($0.identifier) }
        if let hash, !algorithm.isAtEnd || nameHash.count != hash.length || keyHash.count != hash.length {
            throw X509Error("CertID: digests that are not of their algorithm's length, or parameters it does not have")
        }
        self.hash = hash
        self.der = Array(element.whole)
        self.issuerNameHash = Array(nameHash)
        self.issuerKeyHash = Array(keyHash)
        self.serialNumber = Array(serialNumber)
    }
}

extension DERHeader {
    static func element(_ tag: UInt8, _ contents: [UInt8]) -> [UInt8] {
        self.octets(tag, length: contents.count) + contents
    }
}

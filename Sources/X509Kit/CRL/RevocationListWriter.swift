internal import SwiftASN1

/// Writes a CRL in one pass, entry by entry, into the one buffer that becomes the result.
///
/// Lengths come before what they count, and nobody knows how many entries there will be: room for everything that
/// stands before the entries is left at the front and filled from its end.
public struct RevocationListWriter: Sendable {
    /// Octets of an entry with a serial number of 17 octets, a UTCTime and a reason.
    private static let entryLength = 50
    /// Room for the widest header: identifier, and a length of five octets.
    private static let headerLength = 6
    /// SEQUENCE { SEQUENCE { reasonCode, OCTET STRING { ENUMERATED … } } }, up to the reason itself.
    private static let reasonPrefix: [UInt8] = [
        0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01,
    ]

    /// Entries so far.
    public private(set) var count = 0
    private let head: [UInt8]
    private let tail: [UInt8]
    private let room: Int
    private var octets: [UInt8]

    /// - Parameters:
    ///   - body: Everything but the entries.
    ///   - expectedEntries: How many there will be about; memory for them is taken at once.
    /// - Throws: ``X509Error`` when a value has no encoding: a number below 1, a URL outside ASCII.
    public init(_ body: RevocationListBody, expectedEntries: Int = 0) throws(X509Error) {
        (self.head, self.tail) = try asX509Error("CRL") { (try body.head(), try body.tail()) }
        self.room = self.head.count + 2 * Self.headerLength
        self.octets = []
        // 1 024 more: for the signature, its algorithm and the outermost header.
        self.octets.reserveCapacity(self.room + expectedEntries * Self.entryLength + self.tail.count + 1_024)
        self.octets.append(contentsOf: repeatElement(0, count: self.room))
    }

    /// Adds one entry; a missing reason is how `unspecified` is written (RFC 5280 § 5.3.1).
    ///
    /// - Parameters:
    ///   - serialNumber: Big-endian, positive, in its shortest form, at most 20 octets.
    ///   - moment: Seconds since 1970 at which the certificate was revoked or held.
    ///   - reason: Never `removeFromCRL`, which only a delta CRL may say.
    /// - Throws: ``X509Error`` for what cannot be written.
    public mutating func append(
        serialNumber: [UInt8],
        revokedAt moment: Int64,
        reason: CRLReason
    ) throws(X509Error) {
        guard let first = serialNumber.first, first < 0x80, serialNumber.count <= 20 else {
            throw X509Error("CRL entry: a serial number that is empty, negative or longer than 20 octets")
        }
        guard reason != .removeFromCRL else { throw X509Error("CRL entry: removeFromCRL outside a delta CRL") }
        let hasReason = reason != .unspecified
        let timeLength = try CertificateTime.handwrittenLength(moment)
        let length = 2 + serialNumber.count + timeLength + (hasReason ? Self.reasonPrefix.count + 1 : 0)
        self.octets.append(DERTag.sequence)
        self.octets.append(UInt8(length))
        self.octets.append(DERTag.integer)
        self.octets.append(UInt8(serialNumber.count))
        self.octets.append(contentsOf: serialNumber)
        CertificateTime.appendByHand(moment, to: &self.octets)
        if hasReason {
            self.octets.append(contentsOf: Self.reasonPrefix)
            self.octets.append(reason.rawValue)
        }
        self.count += 1
    }

    /// Ends the list and gives the octets of TBSCertList, to be signed; the writer is empty afterwards.
    public mutating func finish() -> [UInt8] {
        var octets: [UInt8] = []
        swap(&octets, &self.octets)
        let entriesLength = octets.count - self.room
        // An empty list is forbidden (RFC 5280 § 5.1.2.6): without entries the field is absent.
        let listHeader = self.count > 0 ? DERHeader.octets(DERTag.sequence, length: entriesLength) : []
        octets.append(contentsOf: self.tail)
        let length = self.head.count + listHeader.count + entriesLength + self.tail.count
        let front = DERHeader.octets(DERTag.sequence, length: length) + self.head + listHeader
        octets.replaceSubrange(0..<self.room, with: front)
        return octets
    }

    /// A CertificateList (RFC 5280 § 5.1) from signed octets and their signature, in the memory of the former when the
    /// caller gives them away.
    public static func list(
        toBeSigned octets: consuming [UInt8],
        scheme: SignatureScheme,
        signature: [UInt8]
    ) throws(X509Error) -> [UInt8] {
        let trailer = try asX509Error("CRL") {
            var coder = DER.Serializer()
            try scheme.serialize(into: &coder)
            try coder.serialize(ASN1BitString(bytes: signature[...]))
            return coder.serializedBytes
        }
        octets.append(contentsOf: trailer)
        octets.insert(contentsOf: DERHeader.octets(DERTag.sequence, length: octets.count), at: 0)
        return octets
    }
}

internal import SwiftASN1

/// The entries of a CRL, read one after another; nothing is built for those that nobody asks for.
public struct RevocationListEntries: Sendable {
    /// One revoked certificate.
    public struct Entry: Hashable, Sendable {
        /// Contents of the serial number's INTEGER.
        public let serialNumber: ArraySlice<UInt8>
        /// Seconds since 1970.
        public let revokedAt: Int64
        /// The number of the reason; `nil` when none is written, which means unspecified.
        public let reason: UInt8?
        /// Whether there is an extension besides the reason, or a critical one.
        let hasOtherExtensions: Bool
    }

    /// Reads entries in order.
    public struct Reader: Sendable {
        private var cursor: DERCursor

        fileprivate init(_ octets: ArraySlice<UInt8>) {
            self.cursor = DERCursor(octets)
        }

        /// The next entry; `nil` at the end.
        ///
        /// - Throws: ``X509Error`` for an entry that is not one; reading cannot go on then.
        public mutating func next() throws(X509Error) -> Entry? {
            guard let element = try self.cursor.next() else { return nil }
            guard element.tag == DERTag.sequence else { throw X509Error("CRL entry: not a SEQUENCE") }
            var fields = element.cursor
            let serialNumber = try fields.required(DERTag.integer, "userCertificate").contents
            guard let time = try fields.next() else { throw X509Error("revocationDate: missing") }
            let extensions = try fields.optional(DERTag.sequence)
            try fields.end("CRL entry")
            let (reason, hasOthers) = try extensions.map(Self.reason) ?? (nil, false)
            return Entry(
                serialNumber: serialNumber,
                revokedAt: try CertificateTime.seconds(time),
                reason: reason,
                hasOtherExtensions: hasOthers
            )
        }

        /// Contents of the object identifier 2.5.29.21.
        private static let reasonCode: [UInt8] = [0x55, 0x1d, 0x15]

        private static func reason(_ list: DERCursor.Element) throws(X509Error) -> (reason: UInt8?, others: Bool) {
            var reason: UInt8?
            // An empty list of extensions is as much in need of a finding as one with strangers in it.
            var hasOthers = list.contents.isEmpty
            var extensions = list.cursor
            while let element = try extensions.next() {
                guard element.tag == DERTag.sequence else { throw X509Error("CRL entry: an extension that is none") }
                var parts = element.cursor
                let name = try parts.required(DERTag.objectIdentifier, "extnID").contents
                let isCritical = try parts.optional(DERTag.boolean) != nil
                let value = try parts.required(DERTag.octetString, "extnValue")
                try parts.end("CRL entry extension")
                guard name.elementsEqual(Self.reasonCode), !isCritical, reason == nil else {
                    hasOthers = true
                    continue
                }
                var inner = value.cursor
                let code = try inner.required(DERTag.enumerated, "reasonCode").contents
                try inner.end("reasonCode")
                guard let number = code.first, code.count == 1 else { throw X509Error("reasonCode: not one octet") }
                reason = number
            }
            return (reason, hasOthers)
        }
    }

    private let octets: ArraySlice<UInt8>

    init(_ octets: ArraySlice<UInt8>) {
        self.octets = octets
    }

    public var isEmpty: Bool { self.octets.isEmpty }

    /// A reader that stands before the first entry.
    public func reader() -> Reader {
        Reader(self.octets)
    }

    /// How many there are; walks over all of them.
    ///
    /// - Throws: ``X509Error`` for octets that do not divide into elements.
    public func count() throws(X509Error) -> Int {
        var cursor = DERCursor(self.octets)
        var count = 0
        while try cursor.next() != nil { count += 1 }
        return count
    }
}

/// Permission to sign one certificate, redeemable once.
///
/// It can be had only against a ledger's receipt for the very octets that will be signed, and a
/// ``CertificateAuthority`` consumes it. A second redemption does not compile.
public struct IssuanceTicket: ~Copyable, Sendable {
    public let prepared: PreparedCertificate

    /// - Parameters:
    ///   - prepared: What will be signed.
    ///   - receipt: The ledger's word that it is durably recorded.
    /// - Throws: ``EnrollmentError`` with code `internalService` when the receipt is for something else.
    public init(for prepared: PreparedCertificate, recordedAs receipt: IntentReceipt) throws(EnrollmentError) {
        guard receipt.serialNumber == prepared.draft.serialNumber,
            receipt.toBeSignedDigest == prepared.toBeSignedDigest
        else {
            throw EnrollmentError(
                .internalService,
                "The ledger's receipt is for other octets than those about to be signed; nothing was signed.",
                rule: "issuance.receipt"
            )
        }
        self.prepared = prepared
    }
}

/// A ledger's word that an intent is durable: which serial number, and the digest of what will be signed.
public struct IntentReceipt: Hashable, Sendable {
    public let serialNumber: SerialNumber
    public let toBeSignedDigest: [UInt8]

    /// Only a ledger makes one, after its commit.
    public init(serialNumber: SerialNumber, toBeSignedDigest: [UInt8]) {
        self.serialNumber = serialNumber
        self.toBeSignedDigest = toBeSignedDigest
    }
}

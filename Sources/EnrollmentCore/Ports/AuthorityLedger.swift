/// Keeps issuers, the service's own certificates, and the intents behind them.
public protocol AuthorityLedger: Sendable {
    /// All issuers, oldest first.
    func issuers() async throws(EnrollmentError) -> [IssuerRecord]

    /// Records what is about to be signed for the authority or the service itself; once more changes nothing.
    ///
    /// - Throws: ``EnrollmentError`` with code `internalService` when the serial number is taken by other octets.
    func recordIntent(_ prepared: PreparedCertificate, at now: Timestamp) async throws(EnrollmentError) -> IntentReceipt

    /// Stores a signed authority certificate with its sealed key.
    func confirmIssuer(
        _ issuer: IssuerRecord,
        certificate: IssuedCertificate,
        receipt: IntentReceipt
    ) async throws(EnrollmentError)

    /// Stores a signed service certificate with its sealed key; the newest of a use is the current one.
    func confirmService(
        _ record: ServiceCertificateRecord,
        certificate: IssuedCertificate,
        receipt: IntentReceipt
    ) async throws(EnrollmentError)

    /// The newest certificate of `use`, or `nil`.
    func serviceCertificate(for use: String) async throws(EnrollmentError) -> ServiceCertificateRecord?

    /// What opens sealed keys needs this: salt and cost of the passphrase's key derivation, and a check value. Written
    /// once by `init`.
    func sealingParameters() async throws(EnrollmentError) -> [UInt8]?
    func storeSealingParameters(_ parameters: [UInt8]) async throws(EnrollmentError)
}

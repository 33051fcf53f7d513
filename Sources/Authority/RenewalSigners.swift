internal import EnrollmentCore
internal import X509Kit

/// Who signed a renewal request: the holder of a certificate, and in CMC perhaps the new key as well.
///
/// Windows signs a renewal in CMC twice ([MS-WCCE] § 3.1.1.4.3.2.2): by the new key, which has no certificate yet and is
/// named by a key identifier, and by the key of the certificate to be renewed. Every other number of signers is refused,
/// since it would leave open whose request this is.
struct RenewalSigners {
    /// The certificate that came with the message and that the holder names.
    let certificate: Certificate
    let holder: RenewalSigner
    /// The signer that no certificate stands for; to be verified with the new key.
    let newKey: SignerInfo?

    /// - Throws: ``EnrollmentError``: `notEligibleToRenew` with rule `renewal.signers` or `renewal.signer-certificate`,
    ///   `certificateRequest` with rule `renewal.message` for what cannot be read.
    init(of message: SignedData) throws(EnrollmentError) {
        let most = message.contentType == .pkiData ? 2 : 1
        guard (1...most).contains(message.signers.count) else { throw Self.notOne(message.signers.count) }
        var certificates: [Certificate] = []
        var signers: [SignerInfo] = []
        do throws(X509Error) {
            for der in message.certificates { certificates.append(try Certificate(der: der)) }
            for der in message.signers { signers.append(try SignerInfo(der: der)) }
        } catch {
            throw SignedRenewalInspector.malformed(error)
        }
        let certified = signers.filter { signer in certificates.contains(where: signer.isIdentified) }
        guard let holder = certified.first else {
            throw Self.certificateRefusal("The certificate of the renewal request's signer does not come with it.")
        }
        guard certified.count == 1 else { throw Self.notOne(certified.count) }
        self.newKey = signers.first { $0 != holder }
        if case .issuerAndSerialNumber = self.newKey?.identifier { throw Self.notOne(signers.count) }
        let named = certificates.filter(holder.isIdentified)
        guard let certificate = named.first, named.allSatisfy({ $0.der == certificate.der }) else {
            throw Self.certificateRefusal(
                "Several certificates go by the name that the renewal request's signer gives."
            )
        }
        do throws(X509Error) {
            self.holder = RenewalSigner(info: holder, key: try certificate.subjectKey())
        } catch {
            throw SignedRenewalInspector.malformed(error)
        }
        self.certificate = certificate
    }

    private static func notOne(_ count: Int) -> EnrollmentError {
        EnrollmentError(
            .notEligibleToRenew,
            "The renewal request has \(count) signers. Exactly one holder of a certificate has to have signed it.",
            rule: "renewal.signers",
            facts: [Fact("signers", "\(count)")]
        )
    }

    static func certificateRefusal(_ what: String) -> EnrollmentError {
        EnrollmentError(
            .notEligibleToRenew,
            "\(what) The device has to send the certificate it renews, and no other.",
            rule: "renewal.signer-certificate"
        )
    }
}

/// The signed message of a renewal: a request for the new key, vouched for by the certificate it renews.
struct RenewalToken: Sendable {
    /// The message, DER.
    let der: [UInt8]
    /// As it stands in the `BinarySecurityToken`.
    let text: String

    /// Builds and signs one.
    ///
    /// - Parameters:
    ///   - identity: Whose certificate is renewed.
    ///   - key: The new key.
    ///   - signer: Who signs; `identity` in every honest renewal.
    ///   - form: How it is written.
    /// - Throws: ``SimulationFailure`` when a key does not sign or a stored certificate cannot be read.
    init(
        for identity: DeviceIdentity,
        key: DeviceKey,
        signedBy signer: DeviceIdentity,
        form: RenewalForm
    ) throws(SimulationFailure) {
        let request = try CertificateRequest(
            for: identity.device,
            key: key,
            variation: .ordinary,
            renewing: form.namesCertificate ? identity.certificate : nil
        )
        let (content, type): ([UInt8], SignedMessage.Content) =
            form.wrapsManagementMessage
            ? (ManagementRequest(around: request, from: identity.device).der, .pkiData) : (request.der, .data)
        let message = try SignedMessage(
            content,
            as: type,
            signedBy: signer.key,
            certificate: try signer.issuedCertificate()
        )
        self.der = message.der
        let once = Base64.encode(message.der, lineLength: 64)
        self.text = form.encoding == .once ? once : Base64.encode(Array(once.utf8), lineLength: 64)
    }
}

/// Holds the device's certificate against what the device asked for and what the document says about it.
enum CertificateCheck {
    static func check(
        _ document: ProvisioningDocument,
        publicKeyInfo: [UInt8],
        type: DeviceProfile.EnrollmentType,
        now: Int64,
        verifier: ChainVerifier,
        _ judge: Judge
    ) throws(Deviation) -> (IssuedCertificate, [IssuedCertificate]) {
        let leaf = try self.leaf(document.certificate, publicKeyInfo: publicKeyInfo, now: now, judge)
        let length = leaf.validity.upperBound - leaf.validity.lowerBound + 1
        try judge.require(
            Int64(document.renewalPeriod) * 86_400 < length,
            .renewalPeriod,
            "RenewPeriod below the \(length / 86_400) days of the certificate",
            found: "\(document.renewalPeriod) days"
        )
        let chain = try verifier.verify(
            leaf,
            intermediates: document.intermediates,
            roots: document.roots,
            now: now,
            judge
        )
        if let criteria = document.account.searchCriteria {
            try SearchCriteria.check(criteria, finds: leaf, type: type, judge)
        }
        return (leaf, chain)
    }

    /// A certificate that stands for the device now, and for the key it made.
    static func leaf(
        _ der: [UInt8],
        publicKeyInfo: [UInt8],
        now: Int64,
        _ judge: Judge
    ) throws(Deviation) -> IssuedCertificate {
        let leaf: IssuedCertificate
        do throws(IssuedCertificate.Unreadable) {
            leaf = try IssuedCertificate(der: der)
        } catch {
            throw Deviation(judge.step, .certificateForm, expected: "a certificate", found: error.description)
        }
        try judge.require(leaf.publicKeyInfo == publicKeyInfo, .publicKey, "the device's own key", found: "another")
        try judge.require(!leaf.extensions.isAuthority, .notAuthority, "an end entity", found: "CA:TRUE")
        try judge.require(
            leaf.extensions.purposes?.contains(CertificateExtensions.clientAuthentication) == true,
            .clientAuthentication,
            "the extended key usage clientAuth",
            found: leaf.extensions.purposes?.joined(separator: ", ") ?? "none"
        )
        // A device whose clock is a little slow has to accept it too.
        try judge.require(
            leaf.validity.contains(now),
            .validity,
            "a validity that holds now",
            found: "\(leaf.validity.lowerBound - now) to \(leaf.validity.upperBound - now) s from now"
        )
        return leaf
    }
}

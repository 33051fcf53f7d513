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
        let leaf: IssuedCertificate
        do throws(IssuedCertificate.Unreadable) {
            leaf = try IssuedCertificate(der: document.certificate)
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
        let days = (leaf.validity.upperBound - leaf.validity.lowerBound + 1) / 86_400
        try judge.require(
            document.renewalPeriod < days,
            .renewalPeriod,
            "RenewPeriod below the \(days) days of the certificate",
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
}

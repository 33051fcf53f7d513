internal import EnrollmentCore
internal import ServiceRuntime

/// Where slow signatures are made: off the cooperative pool, one at a time.
///
/// An RSA-4096 signature takes 3 ms, in which a pool of as many threads as cores would serve nobody else.
actor SigningBench {
    private let executor = BlockingExecutor(label: "gatehouse.signing")

    nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }

    func prepare(_ draft: CertificateDraft, for party: SigningParty) throws(EnrollmentError) -> PreparedCertificate {
        try CertificateEncoder.prepare(draft, for: party)
    }

    /// A key that is elsewhere keeps nobody else from the bench meanwhile.
    func sign(_ prepared: PreparedCertificate, by party: SigningParty) async throws(EnrollmentError)
        -> IssuedCertificate
    {
        try await CertificateEncoder.sign(prepared, by: party)
    }
}

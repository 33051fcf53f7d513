import EnrollmentCore
import Ledger

/// All that `device show` tells of a device.
struct DeviceFacts: Sendable {
    let device: DeviceRecord
    let certificates: [CertificateRecord]
    /// The standing revocation of its current certificate.
    let revocation: Revocation?
    let permits: [Permit]
    let attempts: [Attempt]
    let acts: [ActRecord]

    /// - Parameters:
    ///   - device: The device.
    ///   - ledger: Where it is recorded.
    ///   - length: The most attempts and the most acts to bring; one more tells whether there are older ones.
    /// - Throws: ``EnrollmentError`` when the store did not do its part.
    init(of device: DeviceRecord, in ledger: any LedgerStore, length: Int) async throws(EnrollmentError) {
        self.device = device
        self.certificates = try await ledger.certificates(CertificateQuery(device: device.device, limit: 10)).elements
        self.revocation =
            if let serial = device.certificateSerial { try await ledger.revocation(of: serial) } else { nil }
        self.permits = try await ledger.permits(of: device.device, at: SystemClock().now)
        self.attempts = try await ledger.attempts(AttemptQuery(device: device.device, limit: length + 1)).elements
        self.acts = try await ledger.acts(of: device.device, limit: length + 1)
    }
}

/// When a certificate may be renewed, as the service would judge.
struct RenewalWindow: Sendable {
    let policy: RenewalPolicy
    let schedule: RenewalSchedule

    func opening(of certificate: CertificateRecord) -> Timestamp {
        self.policy.opening(
            of: Validity(notBefore: certificate.notBefore, notAfter: certificate.notAfter),
            by: self.schedule
        )
    }
}

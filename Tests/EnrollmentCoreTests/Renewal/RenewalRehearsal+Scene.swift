import EnrollmentCore
import EnrollmentTestKit
import Testing

extension RenewalRehearsal {
    /// Into the window of a certificate of a year.
    static let due: Int64 = 310 * 86_400

    static func act(_ verb: AdministrativeAct.Verb, _ number: UInt8 = 200) -> AdministrativeAct {
        AdministrativeAct(
            traceID: TraceID(random: [UInt8](repeating: number, count: TraceID.randomOctets)),
            verb: verb,
            actor: "h.jensen@desk",
            reason: "a test",
            ticket: nil,
            time: Timestamp(seconds: 1_810_000_000)
        )
    }

    /// The device that holds the certificate.
    func device(of certificate: IssuedCertificate) async throws -> DeviceID {
        try #require(try await self.store.certificate(certificate.serialNumber)?.device)
    }
}

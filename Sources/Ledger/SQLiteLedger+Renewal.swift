package import EnrollmentCore
internal import SQLiteKit

extension SQLiteLedger: RenewalLedger {
    package func candidate(thumbprint: [UInt8]) async throws(EnrollmentError) -> RenewalCandidate? {
        try await self.readers.read { connection in
            let certificates = CertificateTable(connection: connection)
            guard let certificate = try certificates.find(thumbprint: thumbprint), let id = certificate.device,
                let sighting = try certificates.sighting(of: certificate.serialNumber),
                let device = try DeviceTable(connection: connection).find(id)
            else { return nil }
            return RenewalCandidate(
                certificate: certificate,
                revocation: sighting.revocation,
                device: device,
                permit: try PermitTable(connection: connection).unused(.renewal, of: id),
                trusted: try TrustTable(connection: connection).trusted(by: id)
            )
        }
    }

    package func reserve(
        _ reservation: RenewalReservation
    ) async throws(EnrollmentError) -> RenewalReservationOutcome {
        try await self.write { try RenewalTransaction(reservation, on: $0).run() }
    }

    package func noteConflict(_ sentence: String, on device: DeviceID) async throws(EnrollmentError) {
        try await self.write { connection in
            let devices = DeviceTable(connection: connection)
            guard let known = try devices.standing(of: device)?.conflicts, !known.contains(sentence) else { return }
            try devices.setConflicts(DeviceTable.merged([sentence], into: known), of: device)
        }
    }
}

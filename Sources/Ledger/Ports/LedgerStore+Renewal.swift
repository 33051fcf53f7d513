package import EnrollmentCore

extension LedgerStore {
    package func candidate(thumbprint: [UInt8]) async throws(EnrollmentError) -> RenewalCandidate? {
        try await self.read { connection in
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
                trusted: (sighting.device?.trusted ?? []).union(sighting.delivered),
                isHurried: try AuthorityTables(connection: connection).isHurried(certificate.issuerID)
            )
        }
    }

    package func reserve(
        _ reservation: RenewalReservation
    ) async throws(EnrollmentError) -> RenewalReservationOutcome {
        let receipt = IntentReceipt(
            serialNumber: reservation.prepared.draft.serialNumber,
            toBeSignedDigest: reservation.prepared.toBeSignedDigest
        )
        var locks = LockPlan(users: [reservation.candidate.device.userID], keys: [reservation.prepared.keyDigest])
        locks.needsIssuer = true
        let evidence = { @Sendable (connection: LedgerConnection) throws -> RenewalReservationOutcome? in
            try CertificateTable(connection: connection).isIntended(receipt) ? .reserved(receipt) : nil
        }
        return try await self.write(locks, .evidence(evidence)) { try RenewalTransaction(reservation, on: $0).run() }
    }

    package func noteConflict(_ sentence: String, on device: DeviceID) async throws(EnrollmentError) {
        try await self.write(LockPlan(devices: [device])) { connection in
            let devices = DeviceTable(connection: connection)
            guard let known = try devices.standing(of: device)?.conflicts, !known.contains(sentence) else { return }
            try devices.setConflicts(DeviceTable.merged([sentence], into: known), of: device)
        }
    }
}

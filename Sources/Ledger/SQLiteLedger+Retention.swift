package import EnrollmentCore
internal import SQLiteKit

extension SQLiteLedger: RetentionLedger {
    package func expire(
        endedBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        try await self.write { connection in
            let devices = DeviceTable(connection: connection)
            let outbox = OutboxTable(connection: connection)
            let ended = try devices.ended(before: moment, limit: limit)
            for (device, serial, isHeld) in ended {
                try devices.end(device, as: .expired, needsPermit: isHeld)
                try outbox.tell(.expired, of: device, about: serial, at: now)
            }
            return ended.count
        }
    }

    package func pruneAttempts(startedBefore moment: Timestamp, limit: Int) async throws(EnrollmentError) -> Int {
        try await self.write { try Retention(connection: $0).pruneAttempts(startedBefore: moment, limit: limit) }
    }

    package func pruneCertificates(
        endedBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        try await self.write {
            try Retention(connection: $0).pruneCertificates(endedBefore: moment, at: now, limit: limit)
        }
    }

    package func proof(of serialNumber: SerialNumber) async throws(EnrollmentError) -> CertificateProof? {
        try await self.readers.read { try Retention(connection: $0).proof(of: serialNumber) }
    }

    package func pruneChanges(recordedBefore moment: Timestamp, limit: Int) async throws(EnrollmentError) -> Int {
        try await self.write { try Retention(connection: $0).pruneChanges(recordedBefore: moment, limit: limit) }
    }
}

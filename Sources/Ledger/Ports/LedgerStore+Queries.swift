package import EnrollmentCore

extension LedgerStore {
    package func devices(_ query: DeviceQuery) async throws(EnrollmentError) -> Page<DeviceRecord> {
        try await self.read { try DeviceTable(connection: $0).list(query) }
    }

    package func device(_ id: DeviceID) async throws(EnrollmentError) -> DeviceRecord? {
        try await self.read { try DeviceTable(connection: $0).find(id) }
    }

    package func devices(matching text: String, limit: Int) async throws(EnrollmentError) -> [DeviceRecord] {
        let limit = min(max(0, limit), PageSize.largest)
        let digits = text.filter { $0 != "-" && $0 != "{" && $0 != "}" }
        let isPrefix = digits.count >= 8 && digits.count <= 32 && digits.allSatisfy { $0.isASCII && $0.isHexDigit }
        return try await self.read { connection in
            let devices = DeviceTable(connection: connection)
            let named = try devices.find(named: text, limit: limit)
            guard isPrefix, named.count < limit else { return named }
            let found = try devices.find(digits: digits, limit: limit)
            return Array((named + found.filter { !named.contains($0) }).prefix(limit))
        }
    }

    package func certificates(_ query: CertificateQuery) async throws(EnrollmentError) -> Page<CertificateRecord> {
        try await self.read { try CertificateTable(connection: $0).list(query) }
    }

    package func certificate(_ serialNumber: SerialNumber) async throws(EnrollmentError) -> CertificateRecord? {
        try await self.read { try CertificateTable(connection: $0).find(serialNumber) }
    }

    package func certificate(thumbprint: [UInt8]) async throws(EnrollmentError) -> CertificateRecord? {
        try await self.read { try CertificateTable(connection: $0).find(thumbprint: thumbprint) }
    }

    package func attempts(_ query: AttemptQuery) async throws(EnrollmentError) -> Page<Attempt> {
        try await self.read { try AttemptTable(connection: $0).list(query) }
    }

    package func attempt(_ traceID: TraceID) async throws(EnrollmentError) -> Attempt? {
        try await self.read { try AttemptTable(connection: $0).find(traceID) }
    }

    package func user(_ name: String) async throws(EnrollmentError) -> UserRecord? {
        try await self.read { try UserTable(connection: $0).find(name) }
    }

    package func counted(
        userID: String,
        staleBefore: Timestamp
    ) async throws(EnrollmentError) -> [CountedDevice] {
        try await self.read {
            try DeviceTable(connection: $0).filledSlots(of: userID, staleBefore: staleBefore)
        }
    }
}

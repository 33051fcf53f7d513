package import EnrollmentCore

extension LedgerStore {
    package func reset(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome {
        try await self.write(LockPlan(devices: [order.device])) { try DeviceOrderTransaction(order, on: $0).reset() }
    }

    package func retire(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome {
        try await self.write(LockPlan(devices: [order.device])) { try DeviceOrderTransaction(order, on: $0).retire() }
    }

    package func hold(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome {
        try await self.write(LockPlan(devices: [order.device])) { try DeviceOrderTransaction(order, on: $0).hold() }
    }

    package func resume(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome {
        try await self.write(LockPlan(devices: [order.device])) { try DeviceOrderTransaction(order, on: $0).resume() }
    }

    package func permit(
        _ kind: Permit.Kind,
        until: Timestamp,
        _ order: DeviceOrder
    ) async throws(EnrollmentError) -> DeviceOrderOutcome {
        try await self.write(LockPlan(devices: [order.device])) {
            try DeviceOrderTransaction(order, on: $0).permit(kind, until: until)
        }
    }

    package func permits(of device: DeviceID, at now: Timestamp) async throws(EnrollmentError) -> [Permit] {
        try await self.read { connection in
            let permits = PermitTable(connection: connection)
            return try Permit.Kind.allCases.compactMap { kind in
                try permits.unused(kind, of: device).flatMap { $0.until >= now ? $0 : nil }
            }
        }
    }

    /// The writer is asked only when there is something to write.
    package func note(_ contact: Contact) async throws(EnrollmentError) -> ContactOutcome {
        let (outcome, needsWriting) = try await self.read { connection in
            let sighting = try CertificateTable(connection: connection).sighting(thumbprint: contact.thumbprint)
            return ContactTransaction.judge(contact, sighting)
        }
        guard needsWriting else { return outcome }
        return try await self.write(LockPlan(thumbprints: [contact.thumbprint])) { connection in
            try ContactTransaction(on: connection).note(contact)
        }
    }

    package func acts(of device: DeviceID, limit: Int) async throws(EnrollmentError) -> [ActRecord] {
        try await self.read { try ActTable(connection: $0).list(of: device, limit: limit) }
    }

    package func act(_ traceID: TraceID) async throws(EnrollmentError) -> ActRecord? {
        try await self.read { try ActTable(connection: $0).find(traceID) }
    }
}

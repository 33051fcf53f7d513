internal import EnrollmentCore
internal import SQLText

/// Sealed keys wherever they are kept, and what opens them.
struct SealingTable {
    let connection: LedgerConnection

    func keys() throws -> SealedKeys {
        let authority = AuthorityTables(connection: self.connection)
        return SealedKeys(
            parameters: try authority.sealingParameters(),
            issuers: try authority.issuers(),
            services: try self.services(),
            ceremonies: try CeremonyTable(connection: self.connection).all().filter { $0.state == .open }
        )
    }

    private func services() throws -> [SealedKeys.ServiceKey] {
        let row = try self.connection.prepare(
            """
            SELECT serial, use, sealed_key FROM service_certificate
            WHERE ordinal IN (SELECT MAX(ordinal) FROM service_certificate GROUP BY use) ORDER BY ordinal
            """
        )
        var keys: [SealedKeys.ServiceKey] = []
        while try row.step() {
            guard let serial = SerialNumber(octets: row.octets(0)) else {
                throw EnrollmentError.unreadable("a service certificate")
            }
            keys.append(.init(serialNumber: serial, use: row.text(1), sealedKey: row.octets(2)))
        }
        return keys
    }

    /// - Throws: ``EnrollmentError`` with rule `sealing.changed` when anything is not what the change starts from.
    func apply(_ change: Resealing) throws {
        if let step = change.parameters {
            try self.require(try self.setParameters(step))
            try self.requireCompleteness(change)
        }
        for (id, step) in change.issuers { try self.require(try self.moveIssuer(id, step)) }
        for (serial, step) in change.services { try self.require(try self.moveService(serial, step)) }
        let ceremonies = CeremonyTable(connection: self.connection)
        for (id, step) in change.ceremonies { try self.require(try ceremonies.moveKey(of: id, step)) }
        try self.connection.tell(.authority)
    }

    /// With other parameters every key is to be sealed anew, also one that came since they were listed.
    private func requireCompleteness(_ change: Resealing) throws {
        let keys = try self.keys()
        let issuers = keys.issuers.filter { $0.key.place == "sealed" }.map(\.id)
        let ceremonies = keys.ceremonies.filter { $0.key.place == "sealed" }.map(\.id)
        try self.require(
            issuers.allSatisfy { change.issuers[$0] != nil }
                && keys.services.allSatisfy { change.services[$0.serialNumber] != nil }
                && ceremonies.allSatisfy { change.ceremonies[$0] != nil }
        )
    }

    private func require(_ isSo: Bool) throws {
        guard !isSo else { return }
        throw EnrollmentError(
            .internalService,
            "Keys in the store were changed meanwhile; nothing was done. Run the command again.",
            rule: "sealing.changed"
        )
    }

    private func setParameters(_ step: Resealing.Step<[UInt8]>) throws -> Bool {
        let statement = try self.connection.prepare(
            "UPDATE sealing SET parameters = ?1 WHERE \"only\" = 1 AND parameters = ?2"
        )
        try statement.bind(step.next, at: 1)
        try statement.bind(step.former, at: 2)
        return try statement.runCounting() == 1
    }

    private func moveIssuer(_ id: String, _ step: Resealing.Step<KeyLocation>) throws -> Bool {
        let statement = try self.connection.prepare(
            """
            UPDATE issuer SET key_place = ?2, sealed_key = ?3 WHERE id = ?1 AND key_place = ?4 AND sealed_key = ?5
            """
        )
        try statement.bind(id, at: 1)
        try statement.bind(step.next.place, at: 2)
        try statement.bind(step.next.octets, at: 3)
        try statement.bind(step.former.place, at: 4)
        try statement.bind(step.former.octets, at: 5)
        return try statement.runCounting() == 1
    }

    private func moveService(_ serial: SerialNumber, _ step: Resealing.Step<[UInt8]>) throws -> Bool {
        let statement = try self.connection.prepare(
            "UPDATE service_certificate SET sealed_key = ?2 WHERE serial = ?1 AND sealed_key = ?3"
        )
        try statement.bind(serial.octets, at: 1)
        try statement.bind(step.next, at: 2)
        try statement.bind(step.former, at: 3)
        return try statement.runCounting() == 1
    }
}

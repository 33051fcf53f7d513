package import EnrollmentCore
internal import SQLText

extension LedgerStore {
    /// Removes what a founding left that broke off: nothing in it can be used, since its keys are sealed under parameters
    /// that were never stored.
    ///
    /// For stores that cannot be made under another name until they are complete.
    ///
    /// - Returns: Whether there was anything.
    /// - Throws: ``EnrollmentError`` with code `internalService` and rule `founding.used` when the store is complete, or
    ///   anybody enrolled in it.
    package func clearUnfinishedFounding() async throws(EnrollmentError) -> Bool {
        try await self.write(.authority) { connection in
            let isUsed =
                try AuthorityTables(connection: connection).sealingParameters() != nil
                || connection.integer("SELECT 1 FROM device LIMIT 1") != nil
            guard !isUsed else {
                throw EnrollmentError(
                    .internalService,
                    "The store holds an authority already; nothing was removed.",
                    rule: "founding.used"
                )
            }
            let wasThere = try connection.integer("SELECT 1 FROM certificate LIMIT 1") != nil
            try connection.prepare("DELETE FROM service_certificate").run()
            try connection.prepare("DELETE FROM ceremony").run()
            try connection.prepare("DELETE FROM issuer").run()
            try connection.prepare("DELETE FROM certificate").run()
            try connection.prepare("DELETE FROM agreement").run()
            return wasThere
        }
    }
}

import EnrollmentCore
import Ledger

/// What still hangs on an issuer, for a refusal that names the first of it.
enum IssuerUse {
    private static let most = 10
    /// Read for them at most.
    private static let pages = 20

    /// Up to ten certificates of the issuer that somebody depends on, a line each, and how many more there are.
    ///
    /// - Parameters:
    ///   - issuerID: The issuer.
    ///   - count: All of them.
    ///   - ledger: Where they are recorded.
    ///   - now: The present.
    /// - Returns: The lines.
    /// - Throws: ``EnrollmentError`` when the store did not do its part.
    static func lines(
        of issuerID: String,
        count: Int,
        in ledger: any LedgerStore,
        at now: Timestamp
    ) async throws(EnrollmentError) -> [(label: String, text: String)] {
        var lines: [(label: String, text: String)] = []
        let listener = try await ledger.serviceCertificate(for: "tls")?.serialNumber
        let issuers = try await ledger.issuers().filter { $0.signedBy != $0.id && $0.key != .destroyed }
        var after: String?
        // Some of a page may be former certificates of the service's own, which nobody depends on.
        for _ in 0..<Self.pages where lines.count < min(count, Self.most) {
            let page = try await ledger.revocable(.issuer(issuerID), at: now, after: after, limit: 3 * Self.most)
            for serialNumber in page.elements where lines.count < Self.most {
                guard let record = try await ledger.certificate(serialNumber),
                    record.device != nil || serialNumber == listener
                        || issuers.contains(where: { $0.certificate == record.der })
                else { continue }
                let name = try await Self.name(of: record, in: ledger)
                lines.append(("used by", "\(name), until \(CAStatusScreen.day(record.notAfter))"))
            }
            guard let next = page.next else { break }
            after = next
        }
        if count > lines.count { lines.append(("and", "\(Numerals.grouped(count - lines.count)) more")) }
        return lines
    }

    private static func name(
        of record: CertificateRecord,
        in ledger: any LedgerStore
    ) async throws(EnrollmentError) -> String {
        guard let id = record.device else {
            return "\(record.profile) \(Table.printable(record.subject)) (\(record.serialNumber))"
        }
        guard let device = try await ledger.device(id) else { return "device \(id)" }
        return "device \(Table.printable(device.name)) of \(Table.printable(device.userPrincipalName)) (\(id))"
    }
}

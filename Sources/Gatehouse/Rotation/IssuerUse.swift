import EnrollmentCore
import Ledger

/// What still hangs on an issuer, for a refusal that names the first of it.
enum IssuerUse {
    private static let most = 10

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
        // Some of the page may be the issuer's own, which nobody depends on.
        let page = try await ledger.revocable(.issuer(issuerID), at: now, after: nil, limit: 3 * Self.most)
        for serialNumber in page.elements where lines.count < Self.most {
            guard let record = try await ledger.certificate(serialNumber), !Self.isOwn(record, of: issuerID) else {
                continue
            }
            let name = try await Self.name(of: record, in: ledger)
            lines.append(("used by", "\(name), until \(CAStatusScreen.day(record.notAfter))"))
        }
        if count > lines.count { lines.append(("and", "\(Numerals.grouped(count - lines.count)) more")) }
        return lines
    }

    /// Whether it is the issuer's own certificate, or one of its OCSP responders.
    private static func isOwn(_ record: CertificateRecord, of issuerID: String) -> Bool {
        record.profile.hasPrefix("ocsp/") || record.profile.hasPrefix("root/")
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

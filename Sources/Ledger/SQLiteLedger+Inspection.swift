package import EnrollmentCore
internal import SQLiteKit

extension SQLiteLedger {
    /// Reads the whole file through, whatever was left out when it was opened.
    ///
    /// - Returns: At most ten findings in SQLite's words; empty when the file is sound.
    /// - Throws: ``EnrollmentError`` when the damage prevents even looking.
    package func structureFindings() async throws(EnrollmentError) -> [String] {
        try await self.readers.read { try $0.findings(.quick) }
    }

    /// Whether requests for a key, by SHA-256 over its SubjectPublicKeyInfo, are refused.
    package func isBlocked(_ digest: [UInt8]) async throws(EnrollmentError) -> Bool {
        try await self.readers.read { try CertificateTable(connection: $0).blockReason(ofKey: digest) != nil }
    }
}

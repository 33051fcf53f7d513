package import EnrollmentCore
internal import SQLiteKit

extension SQLiteLedger {
    /// Reads the whole file through, whatever was left out when it was opened.
    ///
    /// - Returns: At most ten findings in SQLite's words; empty when the file is sound.
    /// - Throws: ``EnrollmentError`` when the damage prevents even looking.
    package func structureFindings() async throws(EnrollmentError) -> [String] {
        try await self.readers.inspect { try $0.findings(.quick) }
    }
}

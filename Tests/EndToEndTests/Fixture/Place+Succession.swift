import Authority
import EnrollmentCore
import EnrollmentTestKit
import Foundation
import Ledger
import Logging
import OpenSSLKit
import SQLText
import SQLiteKit

extension Place {
    /// The ids of a successor that was founded.
    static let successor = (issuer: "S1", root: "S0")

    /// Founds a second root and issuer in the store while nobody serves.
    ///
    /// From the next start on it signs, and the issuer before only drains. The file of roots then holds both.
    func foundSuccessor() async throws {
        let quiet = Logger(label: "successor", factory: { _ in SwiftLogNoOpLogHandler() })
        let ledger = try await SQLiteLedger.open(LedgerSettings(path: self.database), logger: quiet)
        let words = try String(contentsOf: self.folder.appending(path: "passphrase"), encoding: .utf8)
        let passphrase = SecretOctets(Array(words.trimmingCharacters(in: .newlines).utf8))
        guard let parameters = try await ledger.sealingParameters() else {
            throw Failure(description: "the store is empty")
        }
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        let founder = AuthorityFounder(
            ledger: ledger,
            vault: try Vault(passphrase: passphrase, parameters: parameters),
            clock: ManualClock(now),
            random: OpenSSLRandomSource()
        )
        let founded = try await founder.found(try self.succession())
        await ledger.close()
        let connection = try SQLiteConnection(path: self.database, access: .readWrite)
        try connection.execute("UPDATE issuer SET state = 'draining' WHERE role = 'issuing' AND id <> 'S1'")
        let former = try String(contentsOf: self.rootFile, encoding: .utf8)
        try Data((former + "\n" + Self.pem(founded.root.der)).utf8).write(to: self.rootFile)
    }

    private func succession() throws -> AuthorityFounder.Plan {
        func profile(_ name: String) throws -> CertificateProfile {
            let file = Self.profiles.appending(path: "\(name).json5")
            return try ProfileFile.parse(try String(contentsOf: file, encoding: .utf8), file: file.path)
        }
        return AuthorityFounder.Plan(
            organization: "Successor",
            rootID: Self.successor.root,
            issuerID: Self.successor.issuer,
            rootKey: .ecdsaP256,
            issuerKey: .ecdsaP256,
            serverKey: .ecdsaP256,
            rootProfile: try profile("root"),
            issuingProfile: try profile("issuing"),
            serverProfile: try profile("server"),
            serverNames: [Self.host],
            addresses: AuthorityAddresses(base: self.plainURL, shardCount: 8),
            node: 2
        )
    }
}

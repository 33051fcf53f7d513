import Authority
import EnrollmentCore
import EnrollmentTestKit
import Foundation
import Ledger
import Logging
import OpenSSLKit

extension Place {
    /// Key rotation as an administrator's commands do it: beside a server that is running.
    final class RotationDesk: Sendable {
        let service: RotationService
        private let ledger: any LedgerStore

        fileprivate init(_ service: RotationService, _ ledger: any LedgerStore) {
            self.service = service
            self.ledger = ledger
        }

        func act(_ verb: RotationVerb) throws -> AdministrativeAct {
            AdministrativeAct(
                traceID: TraceID(random: try SystemRandom.octets(TraceID.randomOctets)),
                verb: verb.act,
                actor: "test",
                reason: "rotation under load",
                ticket: nil,
                time: Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))
            )
        }

        func prepare(_ id: String, _ role: IssuerRecord.Role) async throws {
            let order = RotationService.Order(id: id, role: role, key: .ecdsaP256)
            _ = try await self.service.prepare(order, by: try self.act(.prepare))
        }

        func perform(_ verb: RotationVerb, _ id: String, overriding: String? = nil) async throws {
            try await self.service.perform(verb, id, by: try self.act(verb), overriding: overriding)
        }
    }

    private struct PresentClock: WallClock {
        var now: Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }
    }

    /// Opens the store beside whoever serves it, for as long as `body` runs.
    func rotating(_ body: (RotationDesk) async throws -> Void) async throws {
        let ledger = try await self.openedLedger()
        do {
            try await body(try await self.desk(ledger))
            await ledger.close()
        } catch {
            await ledger.close()
            throw error
        }
    }

    private func openedLedger() async throws -> any LedgerStore {
        let quiet = Logger(label: "rotation", factory: { _ in SwiftLogNoOpLogHandler() })
        guard let access = self.store.access else {
            return try await SQLiteLedger.open(LedgerSettings(path: self.database), logger: quiet)
        }
        var settings = PostgresLedgerSettings(
            address: access.database.connectionString,
            password: access.database.password
        )
        settings.connections = 2
        return try await PostgresLedger.open(settings, logger: quiet)
    }

    private func desk(_ ledger: any LedgerStore) async throws -> RotationDesk {
        func profile(_ name: String) throws -> CertificateProfile {
            let file = Self.profiles.appending(path: "\(name).json5")
            return try ProfileFile.parse(try String(contentsOf: file, encoding: .utf8), file: file.path)
        }
        let words = try String(contentsOf: self.folder.appending(path: "passphrase"), encoding: .utf8)
        guard let parameters = try await ledger.sealingParameters() else {
            throw Failure(description: "the store is empty")
        }
        let vault = try Vault(
            passphrase: SecretOctets(Array(words.trimmingCharacters(in: .newlines).utf8)),
            parameters: parameters
        )
        let keys = IssuerKeys(ledger: ledger, keys: vault)
        let addresses = AuthorityAddresses(base: self.plainURL, shardCount: 8)
        let clock = PresentClock()
        let service = RotationService(
            RotationService.Ports(
                ledger: ledger,
                keys: vault,
                vault: vault,
                keyMaker: SealedKeyMaker(vault: vault),
                publisher: CRLPublisher(
                    ledger: ledger,
                    keys: keys,
                    addresses: addresses,
                    clock: clock,
                    schedule: CRLSchedule(),
                    holder: "rotation of a test"
                ),
                issuerKeys: keys,
                clock: clock,
                random: OpenSSLRandomSource()
            ),
            rules: RotationService.Rules(
                root: try profile("root"),
                issuing: try profile("issuing"),
                device: try profile("device"),
                addresses: addresses,
                node: 9,
                adoptionThreshold: 95
            )
        )
        return RotationDesk(service, ledger)
    }
}

import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Synchronization
import Testing

@testable import Authority

@Suite("Issuer keys", .timeLimit(.minutes(25)))
struct IssuerKeysTests {
    @Test(
        "an issuer speaks about revocation from its publication until it is retired, compromised or not",
        arguments: IssuerRecord.State.allCases
    )
    func states(_ state: IssuerRecord.State) async throws {
        let founding = try await SharedFoundings.all.founding()
        let records = try await founding.ledger.issuers().map { $0.with(state: state) }
        let keys = IssuerKeys(ledger: FixedIssuers(records), keys: founding.vault)
        try await keys.refresh()
        let speaks: Set<IssuerRecord.State> = [.published, .active, .draining, .crlOnly, .compromised]
        #expect(keys.issuers.map(\.id) == (speaks.contains(state) ? ["root-2026", "2026-a"] : []))
        #expect(keys.active?.id == (state == .active ? "2026-a" : nil))
        for issuer in keys.issuers {
            #expect(keys.publishes(issuer.id, at: issuer.notAfter))
            #expect(!keys.publishes(issuer.id, at: issuer.notAfter.adding(seconds: 1)))
        }
        #expect(keys.publishes("2026-a", at: founding.result.issuer.validity.notBefore) == speaks.contains(state))
    }

    @Test("an issuer whose key is elsewhere does not speak here")
    func elsewhere() async throws {
        let founding = try await SharedFoundings.all.founding()
        let records = try await founding.ledger.issuers().map { $0.with(key: .offline) }
        let keys = IssuerKeys(ledger: FixedIssuers(records), keys: founding.vault)
        try await keys.refresh()
        #expect(keys.issuers.isEmpty)
        let error = await #expect(throws: EnrollmentError.self) { try await keys.party("2026-a") }
        #expect(error?.rule == "issuer.unknown")
    }

    @Test("an issuing key stays open, a root's is opened anew each time")
    func open() async throws {
        let founding = try await SharedFoundings.all.founding()
        let keys = IssuerKeys(ledger: founding.ledger, keys: founding.vault)
        try await keys.refresh()
        // The throw-away key tells one opening from another.
        for (id, stays) in [("2026-a", true), ("root-2026", false)] {
            let (one, other) = (try await keys.party(id), try await keys.party(id))
            #expect((one.trialKey.publicKeyInfo == other.trialKey.publicKeyInfo) == stays)
            #expect(one.key.publicKeyInfo == other.key.publicKeyInfo)
        }
    }

    @Test("a change of issuers is seen with the next refresh, and a key that may not sign any more is forgotten")
    func change() async throws {
        let founding = try await SharedFoundings.all.founding()
        let ledger = FixedIssuers(try await founding.ledger.issuers())
        let keys = IssuerKeys(ledger: ledger, keys: founding.vault)
        try await keys.refresh()
        _ = try await keys.party("2026-a")
        ledger.records.withLock { records in
            records = records.map { $0.with(state: $0.role == .issuing ? .retired : $0.state) }
        }
        #expect(keys.issuers.count == 2)
        try await keys.refresh()
        #expect(keys.issuers.map(\.id) == ["root-2026"])
        await #expect(throws: EnrollmentError.self) { try await keys.party("2026-a") }
    }
}

extension IssuerRecord {
    fileprivate func with(state: State? = nil, key: KeyLocation? = nil) -> IssuerRecord {
        IssuerRecord(
            id: self.id,
            role: self.role,
            state: state ?? self.state,
            signedBy: self.signedBy,
            certificate: self.certificate,
            key: key ?? self.key,
            created: self.created
        )
    }
}

/// A ledger that knows issuers and nothing else.
private final class FixedIssuers: AuthorityLedger, Sendable {
    let records: Mutex<[IssuerRecord]>

    init(_ records: [IssuerRecord]) {
        self.records = Mutex(records)
    }

    func issuers() async throws(EnrollmentError) -> [IssuerRecord] { self.records.withLock { $0 } }

    private static func absent() -> EnrollmentError {
        EnrollmentError(.notSupported, "Issuers alone.", rule: "test.absent")
    }

    func recordIntent(
        _ prepared: PreparedCertificate,
        at now: Timestamp
    ) async throws(EnrollmentError) -> IntentReceipt { throw Self.absent() }
    func confirmIssuer(
        _ issuer: IssuerRecord,
        certificate: IssuedCertificate,
        receipt: IntentReceipt
    ) async throws(EnrollmentError) { throw Self.absent() }
    func confirmService(
        _ record: ServiceCertificateRecord,
        certificate: IssuedCertificate,
        receipt: IntentReceipt
    ) async throws(EnrollmentError) { throw Self.absent() }
    func serviceCertificate(for use: String) async throws(EnrollmentError) -> ServiceCertificateRecord? { nil }
    func sealingParameters() async throws(EnrollmentError) -> [UInt8]? { nil }
    func storeSealingParameters(_ parameters: [UInt8]) async throws(EnrollmentError) { throw Self.absent() }
}

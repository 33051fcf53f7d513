internal import EnrollmentCore
internal import Ledger
internal import SQLText
internal import SQLiteKit
internal import Testing

@Suite("The SQLite ledger, opening a database of the first version")
struct MigrationTests {
    private let folder: TemporaryFolder
    private let device: DeviceID
    private let pendingDevice: DeviceID
    private let serial: SerialNumber
    private let pendingSerial: SerialNumber

    init() throws {
        self.folder = try TemporaryFolder()
        try FirstVersion.make(at: self.folder.database)
        self.device = try #require(DeviceID(FirstVersion.device))
        self.pendingDevice = try #require(DeviceID(FirstVersion.pendingDevice))
        self.serial = try #require(SerialNumber(FirstVersion.serial))
        self.pendingSerial = try #require(SerialNumber(FirstVersion.pendingSerial))
    }

    private static let now = LedgerFixture.start.adding(days: 306)
    private static let user = DirectoryUser(
        id: FirstVersion.userID,
        principalName: "kim@corp.example",
        source: "dc1"
    )

    @Test("is refused for reading alone, and left as it is")
    func readOnly() async throws {
        #expect(await rule { _ = try await self.folder.openLedger(access: .readOnly) } == "ledger.schemaOlder")
        let connection = try SQLiteConnection(path: self.folder.database, access: .readOnly)
        #expect(try connection.integer("SELECT max(version) FROM schema_version") == 1)
        #expect(try connection.integer("SELECT count(*) FROM outbox WHERE sealed_account = x'0102'") == 1)
    }

    @Test("learns each certificate's shard from its distribution point, and keeps everything else")
    func shards() async throws {
        let ledger = try await self.folder.openLedger()
        let certificate = try #require(try await ledger.certificate(self.serial))
        #expect(certificate.crlShard == 12)
        #expect(certificate.state == .issued)
        #expect(certificate.protection == .unstated)
        #expect(certificate.seen == nil)
        #expect(certificate.thumbprint == Hexadecimal.decode(FirstVersion.thumbprint))
        #expect(try await ledger.certificate(self.pendingSerial)?.crlShard == 0)
        let root = try #require(SerialNumber(FirstVersion.rootSerial))
        #expect(try await ledger.certificate(root)?.crlShard == nil)
        #expect(
            try await ledger.shards()
                == [0, 12].map {
                    CRLStanding(shard: CRLShard(issuerID: "2026-a", number: $0), published: nil, waitingSince: nil)
                }
        )
        let device = try #require(try await ledger.device(self.device))
        #expect(device.state == .issued)
        #expect(device.userPrincipalName == "kim@corp.example")
        let event = HandOffEvent(
            id: try #require(DeviceID(FirstVersion.event)),
            kind: .enrolled,
            device: self.device,
            generation: 1,
            serialNumber: self.serial
        )
        #expect(try await ledger.pendingEvents(limit: 9) == [event])
        #expect(try await ledger.attempt(FirstVersion.trace)?.outcome == .succeeded)
        await ledger.close()
        let connection = try SQLiteConnection(path: self.folder.database, access: .readOnly)
        #expect(try connection.findings(.full) == [])
        #expect(try connection.integer("SELECT count(*) FROM pragma_foreign_key_check") == 0)
        #expect(try connection.integer("SELECT count(*) FROM outbox WHERE sealed_account = x'0102'") == 1)
    }

    @Test("has the event of what the first version enrolled in its feed, and knows that the device was never seen")
    func feed() async throws {
        let ledger = try await self.folder.openLedger()
        let event = try #require(try await ledger.feed().first)
        #expect(try await ledger.feed().count == 1)
        #expect(event.position == 1)
        #expect(event.event.id == DeviceID(FirstVersion.event))
        #expect(event.sealedAccount == [1, 2])
        #expect(event.device?.userPrincipalName == "kim@corp.example")
        #expect(event.device?.providerID == "")
        #expect(event.device?.ownership == .unstated)
        #expect(event.certificate?.serialNumber == self.serial)
        #expect(event.certificate?.thumbprint == Hexadecimal.decode(FirstVersion.thumbprint))
        let silent = try await ledger.silentDevices(issuedBefore: Self.now, after: nil, limit: 9).elements
        #expect(silent.map(\.device.device) == [self.device])
        #expect(silent.map(\.issued) == [LedgerFixture.start])
        #expect(try await ledger.destination("mdm").cursor == 0)
        let thumbprint = try #require(Hexadecimal.decode(FirstVersion.thumbprint))
        #expect(try await ledger.identity(thumbprint: thumbprint)?.device == event.device)
        await ledger.close()
    }

    @Test("revokes what the first version only called superseded, and what it gave up though it was perhaps signed")
    func revocations() async throws {
        let superseded = try #require(SerialNumber("01" + String(repeating: "a1", count: 16)))
        let abandoned = try #require(SerialNumber("01" + String(repeating: "b2", count: 16)))
        do {
            let connection = try SQLiteConnection(path: self.folder.database, access: .readWrite)
            try connection.execute(
                """
                INSERT INTO certificate (serial, state, reason, issuer_id, profile, device, subject, not_before,
                        not_after, recorded, digest, key_digest, to_be_signed, evidence)
                    SELECT other.serial, other.state, 'a test', issuer_id, profile, device, subject, not_before,
                        not_after, recorded, digest, key_digest, to_be_signed, evidence
                    FROM certificate, (
                        SELECT x'01a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1' AS serial, 'superseded' AS state
                        UNION ALL SELECT x'01b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2', 'intent') AS other
                    WHERE certificate.state = 'issued' AND device IS NOT NULL
                """
            )
        }
        let ledger = try await self.folder.openLedger()
        #expect(try await ledger.revocation(of: superseded)?.reason == .superseded)
        #expect(try await ledger.revocation(of: abandoned)?.reason == .cessationOfOperation)
        #expect(try await ledger.revocation(of: self.serial) == nil)
        #expect(try await ledger.shards().map { $0.waitingSince != nil } == [false, true])
        let entries = try await ledger.entries(
            of: CRLShard(issuerID: "2026-a", number: 12),
            notEndedBefore: LedgerFixture.start,
            after: nil,
            limit: 9
        )
        #expect(entries.map(\.serialNumber) == [superseded, abandoned])
        await ledger.close()
    }

    @Test("renews, revokes and lists what the first version enrolled")
    func renewal() async throws {
        let ledger = try await self.folder.openLedger()
        let thumbprint = try #require(Hexadecimal.decode(FirstVersion.thumbprint))
        let candidate = try #require(try await ledger.candidate(thumbprint: thumbprint))
        let renewal = LedgerFixture.renewal(of: candidate, by: Self.user, at: Self.now)
        let receipt = try #require(try await ledger.reserve(renewal).receipt)
        let confirmation = LedgerFixture.confirmation(of: renewal, receipt)
        try await ledger.confirm(confirmation)
        #expect(try await ledger.device(self.device)?.state == .active)
        #expect(
            try await ledger.see(confirmation.certificate, at: Self.now.adding(days: 1))
                == .noted(device: self.device, isFirst: true)
        )
        #expect(try await ledger.certificate(self.serial)?.state == .superseded)
        let shard = CRLShard(issuerID: "2026-a", number: 12)
        let entries = try await ledger.entries(
            of: shard,
            notEndedBefore: LedgerFixture.start,
            after: nil,
            limit: 9
        )
        #expect(entries.map(\.serialNumber) == [self.serial])
        try await ledger.makeCRL(of: shard, at: Self.now.adding(days: 1))
        #expect(try await ledger.pendingEvents(limit: 9).map(\.kind) == [.enrolled, .renewed, .superseded])
        #expect(try await ledger.pendingEvents(limit: 9).map(\.generation) == [1, 2, 3])
        let order = LedgerFixture.order(.reset, self.device, at: Self.now, permitUntil: Self.now.adding(days: 7))
        #expect(try await ledger.reset(order).report?.certificates == [receipt.serialNumber])
        await ledger.close()
    }

    @Test("concludes what was under way")
    func pending() async throws {
        let digest = try #require(Hexadecimal.decode(FirstVersion.pendingDigest))
        let receipt = IntentReceipt(serialNumber: self.pendingSerial, toBeSignedDigest: digest)
        let ledger = try await self.folder.openLedger()
        var attempt = Attempt(
            traceID: FirstVersion.pendingTrace,
            operation: .enrollment,
            started: LedgerFixture.start,
            sourceAddress: "10.20.4.89"
        )
        attempt.succeed(at: LedgerFixture.start)
        let plain = LedgerFixture.certificate(for: LedgerFixture.leaf())
        let certificate = IssuedCertificate(
            serialNumber: self.pendingSerial,
            issuerID: "2026-a",
            der: plain.der,
            thumbprint: plain.thumbprint,
            windowsThumbprint: plain.windowsThumbprint,
            validity: plain.validity
        )
        try await ledger.confirm(
            Confirmation(
                receipt: receipt,
                certificate: certificate,
                course: .enrollment(sealedAccount: [3]),
                attempt: attempt,
                eventID: DeviceID(random: LedgerFixture.octets(16)),
                now: LedgerFixture.start,
                supersedeAfter: LedgerFixture.start.adding(days: 1)
            )
        )
        #expect(try await ledger.device(self.pendingDevice)?.state == .issued)
        _ = try await ledger.renew(certificate, by: Self.user, at: Self.now)
        await ledger.close()
    }
}

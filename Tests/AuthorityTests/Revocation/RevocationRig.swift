import Authority
import EnrollmentCore
import EnrollmentTestKit
import Foundation
import OpenSSLKit
import Synchronization
import X509Kit

/// A founded authority with everything about revocation around it, and a clock to turn.
struct RevocationRig: Sendable {
    let founding: Founding
    let book = RevocationBook()
    let clock = ManualClock(StoppedClock().now)
    let keys: IssuerKeys
    let publisher: CRLPublisher
    let responder: OCSPResponder
    let keeper: ServiceCertificateKeeper
    let renewed = Renewals()

    /// The uses that were reported as renewed, in order.
    final class Renewals: Sendable {
        private let list = Mutex<[String]>([])

        var uses: [String] { self.list.withLock { $0 } }

        func note(_ use: String) { self.list.withLock { $0.append(use) } }
    }

    init(
        _ founding: Founding? = nil,
        schedule: CRLSchedule = CRLSchedule(),
        answers: OCSPResponder.Settings = .init(validity: 4 * 3_600),
        responderKey: KeyType = .ecdsaP256,
        asOf: @escaping @Sendable () -> Timestamp? = { nil }
    ) async throws {
        let founding = if let founding { founding } else { try await Founding() }
        self.founding = founding
        let keys = IssuerKeys(ledger: founding.ledger, keys: founding.vault)
        self.keys = keys
        self.publisher = Self.publisher(self.book, keys, self.clock, schedule: schedule)
        let responder = OCSPResponder(
            ledger: self.book,
            authority: founding.ledger,
            vault: founding.vault,
            keys: keys,
            clock: self.clock,
            settings: answers,
            asOf: asOf
        )
        self.responder = responder
        self.keeper = ServiceCertificateKeeper(
            ledger: founding.ledger,
            keys: keys,
            vault: founding.vault,
            clock: self.clock,
            random: OpenSSLRandomSource(),
            settings: try Self.keeperSettings(responderKey: responderKey),
            onRenewed: { [renewed] use in renewed.note(use) }
        )
        try await keys.refresh()
    }

    static func publisher(
        _ book: RevocationBook,
        _ keys: IssuerKeys,
        _ clock: ManualClock,
        schedule: CRLSchedule = CRLSchedule(),
        holder: String = "one"
    ) -> CRLPublisher {
        CRLPublisher(
            ledger: book,
            keys: keys,
            addresses: Founding.addresses,
            clock: clock,
            schedule: schedule,
            holder: holder
        )
    }

    static func keeperSettings(responderKey: KeyType = .ecdsaP256) throws -> ServiceCertificateKeeper.Settings {
        ServiceCertificateKeeper.Settings(
            serverProfile: try ShippedProfile.read("server"),
            serverNames: ["mdm.contoso.example"],
            responderProfile: try ShippedProfile.read("ocsp"),
            responderKey: responderKey,
            addresses: Founding.addresses,
            node: 1
        )
    }

    /// Responder certificates made, and the responder at the end of the log.
    func open() async throws {
        let round = await self.keeper.renewDue()
        if let failure = round.failures.first { throw failure.error }
        try await self.responder.reloadSigners()
        _ = try await self.responder.follow()
    }

    /// A device's certificate, known to the book.
    func device() async throws -> IssuedCertificate {
        let certificate = try await self.founding.issue(try self.founding.draft(try Founding.proven()))
        self.book.issue(certificate.serialNumber, by: "2026-a", until: certificate.validity.notAfter)
        return certificate
    }

    /// The published CRL on which the serial number would be.
    func crl(of serialNumber: SerialNumber) async throws -> PublishedCRL? {
        let shard = CRLShard(issuerID: "2026-a", number: Founding.addresses.shard(of: serialNumber))
        return try await self.book.crl(of: shard)
    }

    /// A question about a serial number of the issuing authority, as openssl writes it.
    func question(
        _ serialNumber: SerialNumber,
        hash: OCSPCertificateID.HashAlgorithm = .sha1,
        issuer der: [UInt8]? = nil
    ) throws -> [UInt8] {
        try Self.request([try self.identifier(serialNumber, hash: hash, issuer: der)])
    }

    func identifier(
        _ serialNumber: SerialNumber,
        hash: OCSPCertificateID.HashAlgorithm = .sha1,
        issuer der: [UInt8]? = nil
    ) throws -> OCSPCertificateID {
        let issuer = try Certificate(der: der ?? self.founding.result.issuer.der)
        let bits = try issuer.subjectKey().keyBits
        let (name, key) =
            hash == .sha1
            ? (try Digest.sha1(issuer.subject), try Digest.sha1(bits))
            : (try Digest.sha256(issuer.subject), try Digest.sha256(bits))
        return OCSPCertificateID(
            hash: hash,
            issuerNameHash: name,
            issuerKeyHash: key,
            serialNumber: serialNumber.octets
        )
    }

    static func request(_ identifiers: [OCSPCertificateID], nonce: [UInt8]? = nil) throws -> [UInt8] {
        let list = DERElement.sequence(identifiers.map { .sequence([DERElement($0.der)]) })
        let value = DERElement.octetString(DERElement.octetString(nonce ?? []).octets)
        let extensions = DERElement.context(
            2,
            [.sequence([.sequence([.identifier("1.3.6.1.5.5.7.48.1.2"), value])])]
        )
        return DERElement.sequence([.sequence(nonce == nil ? [list] : [list, extensions])]).octets
    }

    /// The one statement in the answer to a question.
    func status(_ question: [UInt8]) async throws -> OCSPResponseData.Status? {
        try OCSPResponse(der: await self.responder.answer(question).answer.octets).singles.first?.status
    }
}

import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing

@testable import Authority

@Suite("Signing", .timeLimit(.minutes(25)))
struct SigningTests {
    @Test("the ledger's receipt for one certificate is no ticket for another")
    func receipt() async throws {
        let founding = try await Founding()
        let draft = try founding.draft(try Founding.proven())
        let recorded = try await founding.authority.prepare(draft)
        let receipt = try await founding.ledger.recordIntent(recorded, at: StoppedClock().now)
        // Another serial number; and the same one with another key.
        let others = [
            try founding.draft(try Founding.proven()),
            draft.with(publicKeyInfo: try Founding.proven().publicKeyInfo),
        ]
        for other in others {
            let prepared = try await founding.authority.prepare(other)
            let error = await #expect(throws: EnrollmentError.self) {
                try await founding.authority.sign(try IssuanceTicket(for: prepared, recordedAs: receipt))
            }
            #expect(error?.rule == "issuance.receipt")
        }
    }

    @Test("octets that are not those with the recorded digest are not signed")
    func otherOctets() async throws {
        let founding = try await Founding()
        let prepared = try await founding.authority.prepare(try founding.draft(try Founding.proven()))
        let receipt = try await founding.ledger.recordIntent(prepared, at: StoppedClock().now)
        for index in [0, 20, prepared.toBeSigned.count / 2, prepared.toBeSigned.count - 1] {
            var octets = prepared.toBeSigned
            octets[index] ^= 1
            let altered = PreparedCertificate(
                draft: prepared.draft,
                toBeSigned: octets,
                toBeSignedDigest: prepared.toBeSignedDigest,
                keyDigest: prepared.keyDigest,
                subject: prepared.subject
            )
            let error = await #expect(throws: EnrollmentError.self) {
                try await founding.authority.sign(try IssuanceTicket(for: altered, recordedAs: receipt))
            }
            #expect(error?.rule == "issuance.recorded-octets")
        }
        let record = try #require(try await founding.ledger.certificate(prepared.draft.serialNumber))
        #expect(record.state == .intent)
    }

    @Test("a key that does not belong to its issuer's certificate does not become a party")
    func keyMismatch() async throws {
        let founding = try await Founding()
        let other = try SigningKey.generate(.ecdsaP256)
        let error = #expect(throws: EnrollmentError.self) {
            try SigningParty(id: "2026-a", key: HeldKey(other), certificate: founding.result.issuer.der)
        }
        #expect(error?.rule == "issuer.key-matches")
        #expect(error?.code == .internalService)
    }

    @Test("an issuer's certificate that cannot be read is named")
    func unreadable() throws {
        let key = try SigningKey.generate(.ecdsaP256)
        let error = #expect(throws: EnrollmentError.self) {
            try SigningParty(id: "2026-a", key: HeldKey(key), certificate: [0x30, 0x00])
        }
        #expect(error?.rule == "issuer.certificate")
    }

    @Test("the trial's key is another one of the same kind", arguments: [KeyType.ecdsaP256, .ecdsaP384, .ed25519])
    func trialKey(_ type: KeyType) throws {
        let key = try SigningKey.generate(type)
        let party = try SigningParty(rootID: "root", key: HeldKey(key), subject: [0x30, 0x00])
        #expect(party.trialKey.type == type)
        #expect(party.trialKey.publicKeyInfo != key.publicKeyInfo)
    }

    @Test("a root's identifier is the leftmost 160 bits of its key's digest")
    func keyIdentifier() throws {
        let octets = [UInt8](0..<32)
        let info = DERElement.sequence([.sequence([.identifier("1.3.101.112")]), .bitString(octets)]).octets
        #expect(try CertificateEncoder.keyIdentifier(of: info) == Array(try Digest.sha256(octets).prefix(20)))
    }
}

import Authority
import EnrollmentCore
import EnrollmentTestKit
import Foundation
import OpenSSLKit
import Testing

@Suite("The signature of a backup's manifest")
struct BackupSignatureTests {
    private static let manifest = Array(#"{"schema": "gatehouse.backup-manifest/1"}"#.utf8)

    private static func refusal(of signature: BackupSignature, _ manifest: [UInt8] = Self.manifest) -> String? {
        do throws(EnrollmentError) {
            _ = try signature.verify(manifest)
            return nil
        } catch {
            return error.rule
        }
    }

    @Test(
        "leads from the active issuer to its root, whatever their keys are",
        arguments: [KeyType.ecdsaP256, .ecdsaP384, .rsa(bits: 2_048), .ed25519]
    )
    func verifies(type: KeyType) async throws {
        let founding = try await Founding(root: type, issuer: type)
        let issuers = try await founding.ledger.issuers()
        let signature = try await BackupSignature.sign(Self.manifest, issuers: issuers, keys: founding.vault)
        let signer = try signature.verify(Self.manifest)
        #expect(signer.issuer == founding.result.issuer.thumbprint)
        #expect(signer.root == founding.result.root.thumbprint)
        #expect(signature.chain == [founding.result.issuer.der, founding.result.root.der])
    }

    @Test("is not that of another manifest, of other octets, or of another authority")
    func others() async throws {
        let (one, other) = (try await Founding(), try await Founding())
        let signature = try await BackupSignature.sign(
            Self.manifest,
            issuers: try await one.ledger.issuers(),
            keys: one.vault
        )
        #expect(Self.refusal(of: signature) == nil)
        #expect(Self.refusal(of: signature, Self.manifest + [0]) == "backup.signature")
        var octets = signature.octets
        octets[octets.count - 1] ^= 1
        #expect(Self.refusal(of: BackupSignature(octets: octets, chain: signature.chain)) == "backup.signature")
        for chain in [
            [other.result.issuer.der, other.result.root.der], [one.result.issuer.der, other.result.root.der],
            [one.result.issuer.der], [one.result.root.der, one.result.issuer.der], [], [[0x30, 0x00]],
        ] {
            let wrong = BackupSignature(octets: signature.octets, chain: chain)
            #expect(Self.refusal(of: wrong) == "backup.signature", "\(chain.count)")
        }
    }

    @Test("cannot be made with a certificate that is no authority's, though the root has signed it")
    func noAuthority() async throws {
        let founding = try await Founding()
        let issuers = try await founding.ledger.issuers()
        let active = try #require(issuers.last { $0.role == .issuing })
        let key = try #require(try await founding.ledger.serviceCertificate(for: "tls"))
        let held = try founding.vault.open(key.sealedKey, of: "tls")
        // As whoever has the listener's key, or a device's, would do it.
        let octets = try held.sign(Array("gatehouse backup manifest 1\n".utf8) + Self.manifest)
        let forged = BackupSignature(
            octets: octets,
            chain: [key.chain[0], active.certificate, founding.result.root.der]
        )
        #expect(Self.refusal(of: forged) == "backup.signature")
    }

    @Test("needs an active issuer whose key is here")
    func nobody() async throws {
        let founding = try await Founding()
        let root = try await founding.ledger.issuers().filter { $0.role == .root }
        await #expect(throws: EnrollmentError.self) {
            try await BackupSignature.sign(Self.manifest, issuers: root, keys: founding.vault)
        }
    }

    @Test("stands in the envelope with manifest and length, and is found there again")
    func envelope() async throws {
        let signature = BackupSignature(octets: [1, 2, 3], chain: [[4], [5, 6]])
        let envelope = BackupEnvelope(manifest: Self.manifest, signature: signature, imageLength: 7)
        let file = FileManager.default.temporaryDirectory.appending(path: "envelope-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }  // Left to the system at worst.
        #expect(FileManager.default.createFile(atPath: file.path, contents: nil))
        let handle = try FileHandle(forUpdating: file)
        let secret = { SecretOctets([9]) }
        let writer = try BackupWriter(to: handle.fileDescriptor, passphrase: secret(), header: try .fresh(cost: 10))
        try writer.append((envelope.octets + [10, 11])[...])
        _ = try writer.finish()
        try handle.seek(toOffset: 0)
        let reader = try BackupReader(from: handle.fileDescriptor, passphrase: secret())
        #expect(try BackupEnvelope(from: reader) == envelope)
        #expect(try reader.takeSome() == [10, 11])
        #expect(try reader.takeSome() == nil)
    }
}

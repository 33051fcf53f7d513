import Authority
import DeviceSimulator
import EnrollmentCore
import EnrollmentTestKit
import Foundation
import Ledger
import Logging
import OpenSSLKit
import Testing
import X509Kit

@Suite("An issuer that is new in the store", .timeLimit(.minutes(25)))
struct NewIssuerTests {
    /// A second authority in the same store, as a change of keys would leave it: its issuer is the active one from then on,
    /// and the listeners' newest certificate is its own.
    private func found(in replicas: Replicas) async throws -> AuthorityFounder.Result {
        let place = replicas[0].place
        var settings = PostgresLedgerSettings(
            address: replicas.database.connectionString,
            password: replicas.database.password
        )
        settings.connections = 2
        let ledger = try await PostgresLedger.open(settings, logger: Logger(label: "test"))
        do {
            let passphrase = try Data(contentsOf: place.folder.appending(path: "passphrase"))
            let octets = passphrase.filter { $0 != UInt8(ascii: "\n") }
            let parameters = try #require(try await ledger.sealingParameters())
            let vault = try Vault(passphrase: SecretOctets(Array(octets)), parameters: parameters)
            let founder = AuthorityFounder(
                ledger: ledger,
                vault: vault,
                clock: SystemClock(),
                random: OpenSSLRandomSource()
            )
            let result = try await founder.found(
                AuthorityFounder.Plan(
                    organization: "Corp Ltd",
                    rootID: "R2",
                    issuerID: "B",
                    rootKey: .ecdsaP256,
                    issuerKey: .ecdsaP256,
                    serverKey: .ecdsaP256,
                    rootProfile: try Self.profile("root"),
                    issuingProfile: try Self.profile("issuing"),
                    serverProfile: try Self.profile("server"),
                    serverNames: [Place.host],
                    addresses: AuthorityAddresses(base: place.plainURL, shardCount: 8),
                    node: 9
                )
            )
            await ledger.close()
            return result
        } catch {
            await ledger.close()
            throw error
        }
    }

    private static func profile(_ name: String) throws -> CertificateProfile {
        let file = Place.profiles.appending(path: "\(name).json5")
        return try ProfileFile.parse(try String(contentsOf: file, encoding: .utf8), file: file.path)
    }

    private struct SystemClock: WallClock {
        var now: Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }
    }

    @Test("signs at every replica without a restart; what is published of it and the TLS certificate follow")
    func taken() async throws {
        var settings = Replicas.Settings()
        settings.count = 2
        try await Replicas.serve(settings) { replicas in
            _ = try await replicas[1].simulation("kim").enroll()
            let result = try await self.found(in: replicas)
            for replica in replicas.members {
                try await replica.wait("the new issuer") { replica.log.contains("issuers changed active=B") }
                try await replica.wait("the new certificate") {
                    replica.log.contains("renewed TLS certificate in effect")
                }
                #expect(try await replica.listenerCertificate() == result.server.der)
                #expect(try await replica.get("/pki/issuer/B.cer").body == result.issuer.der)
                let roots = String(decoding: try await replica.get("/pki/roots.pem").body, as: UTF8.self)
                #expect(roots.components(separatedBy: "BEGIN CERTIFICATE").count == 3)
                // Devices that come now trust both roots.
                try Data(roots.utf8).write(to: replica.place.rootFile)
            }
            let device = try await replicas[0].simulation("zoe").enroll()
            let record = try #require(
                try await replicas[1].place.certificates().first {
                    $0.serialNumber.lowercased() == device.serialNumber.lowercased()
                }
            )
            #expect(record.profile == "device/1")
            let certificate = try Certificate(der: device.certificate)
            #expect(certificate.issuer == (try Certificate(der: result.issuer.der)).subject)
            for replica in replicas.members {
                try await self.wait { try await replica.get("/pki/crl/B/0.crl").status == 200 }
            }
        }
    }

    /// The time is only a bound: far beyond what it takes.
    private func wait(until isSo: () async throws -> Bool) async throws {
        for _ in 0..<1_500 {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("waited in vain")
    }
}

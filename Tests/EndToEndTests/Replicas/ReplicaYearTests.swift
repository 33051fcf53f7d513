import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing
import X509Kit

@Suite("Replicas that run for long", .timeLimit(.minutes(25)))
struct ReplicaYearTests {
    @Test("keep CRLs, answers and their one TLS certificate fresh through most of a year, of which all show the same")
    func year() async throws {
        // Not in the folder of a place: the server's user looks at it, too.
        let folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-clock-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // Left behind at worst.
        let clock = try MovedClock(in: folder)
        var settings = Replicas.Settings()
        settings.clock = clock
        settings.server = try PostgresServer(wrapper: clock.prefix)
        try await Replicas.serve(settings) { replicas in
            let device = try await replicas[0].device(of: "kim")
            let address = try await replicas[0].place.facts(of: device.certificate).crl
            let first = try await replicas[1].listenerCertificate()
            for _ in 1...4 {
                try clock.advance(days: 72)
                for replica in replicas.members {
                    try await replica.wait(for: "a CRL of these days") {
                        let list = try CertificateRevocationList(der: try await replica.get(address).body)
                        return try list.thisUpdateSeconds() > clock.now - 86_400
                    }
                    try await replica.wait(for: "a good answer") { try await replica.status(of: device) == .good }
                }
                // The certificate is one and the same, whoever renewed it.
                try await replicas[0].wait(for: "one certificate") {
                    var shown: Set<[UInt8]> = []
                    for replica in replicas.members { shown.insert(try await replica.listenerCertificate()) }
                    guard shown.count == 1, let certificate = shown.first else { return false }
                    return try Certificate(der: certificate).notAfterSeconds() > clock.now + 30 * 86_400
                }
            }
            let last = try await replicas[2].listenerCertificate()
            #expect(last != first)
            let made = try await replicas.audit.count("SELECT count(*) FROM service_certificate WHERE use = 'tls'")
            #expect(made == 2, "made once by init, and once by one of them")
            #expect(try await replicas.audit.backwardCRLs() == 0)
            for replica in replicas.members {
                #expect(replica.isRunning)
            }
        }
    }
}

import CurlKit
import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing
import X509Kit

@Suite("What one replica does and the others show", .timeLimit(.minutes(25)))
struct ReplicaRevocationTests {
    @Test("revoked at one replica, a certificate is revoked in the answers and on the CRL of each other")
    func revoked() async throws {
        var settings = Replicas.Settings()
        settings.place.more = "renewal: { windowDays: 400 },"
        try await Replicas.serve(settings) { replicas in
            let device = try await replicas[0].device(of: "kim")
            for replica in replicas.members {
                #expect(try await replica.status(of: device) == .good)
                #expect(try await replica.verifies(device) == nil)
            }
            let begin = ContinuousClock.now
            try await replicas[0].place.order("hold", device, "lost")
            for replica in replicas.members { try await replica.expectHeld(device, true) }
            // What is promised are two seconds, of which a busy machine may not keep all.
            #expect(ContinuousClock.now - begin < .seconds(6))
            for replica in replicas.members { try await replica.expect(.certificateHold, of: device) }

            try await replicas[1].place.order("resume", device, "found")
            for replica in replicas.members {
                try await replica.expectHeld(device, false)
                try await replica.wait(for: "off the CRL") { try await replica.verifies(device) == nil }
            }

            // Renewed at the second; the third sees the new certificate first, and all supersede the former.
            let next = try await replicas[1].renew(device, makesContact: false)
            #expect(try await replicas[2].contact(next).isGood)
            for replica in replicas.members { try await replica.expect(.superseded, of: device) }
            for replica in replicas.members { #expect(try await replica.status(of: next) == .good) }
            try await replicas.audit.expectSound()
        }
    }

    @Test("each CRL is published by one of them, and numbers only go up though all publish at once")
    func numbers() async throws {
        try await Replicas.serve { replicas in
            let device = try await replicas[2].device(of: "kim")
            let address = try await replicas[0].place.facts(of: device.certificate).crl
            for round in 1...3 {
                let outcomes = try await withThrowingTaskGroup(of: ExternalCommand.Outcome.self) { group in
                    for replica in replicas.members {
                        group.addTask { try await replica.place.command("crl", "publish") }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                for outcome in outcomes {
                    #expect(outcome.status == 0 || outcome.output.contains(" is being made by "), "\(outcome.output)")
                }
                let order = round.isMultiple(of: 2) ? "resume" : "hold"
                try await replicas[round % 3].place.order(order, device, "round \(round)")
                for replica in replicas.members { try await replica.expectHeld(device, order == "hold") }
            }
            for replica in replicas.members { try await replica.expect(.certificateHold, of: device) }
            // The last word is the same everywhere.
            var last: Set<[UInt8]> = []
            try await replicas[0].wait(for: "the same CRL everywhere") {
                last = []
                for replica in replicas.members { last.insert(try await replica.get(address).body) }
                return last.count == 1
            }
            let repeated = try await replicas.audit.count(
                """
                SELECT count(*) FROM (SELECT 1 FROM crl GROUP BY issuer_id, shard, number HAVING count(*) > 1) AS twice
                """
            )
            #expect(repeated == 0)
            #expect(try await replicas.audit.backwardCRLs() == 0)
            // What the services published of themselves, each said once.
            let said = replicas.members.flatMap { $0.published }
            #expect(!said.isEmpty)
            #expect(Set(said).count == said.count, "\(said.sorted())")
            for replica in replicas.members { #expect(replica.errors == "") }
        }
    }

    @Test("responders' certificates are one for each issuer, however many replicas start at once")
    func responders() async throws {
        try await Replicas.serve { replicas in
            for replica in replicas.members { #expect(try await replica.stop() == 0) }
            try await replicas.database.psql("DELETE FROM service_certificate WHERE use LIKE 'ocsp/%'")
            try await withThrowingTaskGroup { group in
                for replica in replicas.members { group.addTask { try await replica.start() } }
                try await group.waitForAll()
            }
            let device = try await replicas[1].device(of: "kim")
            for replica in replicas.members {
                try await replica.wait(for: "an answer") { try await replica.status(of: device) == .good }
            }
            let surplus = try await replicas.audit.column(
                "SELECT use FROM service_certificate WHERE use LIKE 'ocsp/%' GROUP BY use HAVING count(*) > 1"
            )
            #expect(surplus == [])
        }
    }
}

extension RunningGatehouse {
    /// Waits until answers say whether the certificate is held.
    fileprivate func expectHeld(_ device: DeviceIdentity, _ isHeld: Bool) async throws {
        try await self.wait(for: isHeld ? "held" : "resumed") {
            if case .revoked(_, .certificateHold)? = try await self.status(of: device) { isHeld } else { !isHeld }
        }
    }

    /// Shard and number of each CRL that this process says it has published.
    fileprivate var published: [String] {
        self.log.split(separator: "\n").filter { $0.contains("CRL published") }.map { line in
            line.split(separator: " ").filter { $0.hasPrefix("shard=") || $0.hasPrefix("number=") }.sorted()
                .joined(separator: " ")
        }
    }
}

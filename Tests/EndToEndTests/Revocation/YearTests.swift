import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing
import X509Kit

@Suite("A year of the service", .timeLimit(.minutes(25)))
struct YearTests {
    @Test("its CRLs, answers and own certificates stay fresh through a year that goes by in a minute")
    func year() async throws {
        try await RunningGatehouse.serve(Place.Settings(movesClock: true)) { gatehouse in
            let place = gatehouse.place
            let clock = try #require(place.clock)
            let device = try await gatehouse.device(of: "kim")
            let address = try await place.facts(of: device.certificate).crl
            let question = try OCSPQuestion(device)
            let first = try await gatehouse.listenerCertificate()
            var numbers: [Int64] = []
            var responders: Set<[UInt8]> = []
            var listeners: Set<[UInt8]> = []
            for _ in 1...24 {
                try clock.advance(days: 15)
                // Bounds, far beyond what it takes; no answer meanwhile may rest on a certificate that has ended.
                try await gatehouse.wait(for: "a fresh CRL") {
                    let list = try CertificateRevocationList(der: try await gatehouse.get(address).body)
                    guard try list.thisUpdateSeconds() > clock.now - 60 else { return false }
                    let end = try #require(try list.nextUpdateSeconds())
                    #expect(end > clock.now)
                    numbers.append(try #require(try list.ownNumber()))
                    return true
                }
                try await gatehouse.wait(for: "a good answer") {
                    let answer = try await gatehouse.ask(question)
                    guard answer.refusal == nil else { return false }
                    let single = try #require(answer.singles.first)
                    #expect(single.status == .good && single.thisUpdate > clock.now - 3_600)
                    #expect(single.nextUpdate >= clock.now)
                    let responder = try #require(answer.certificates.first)
                    #expect(try Certificate(der: responder).notAfterSeconds() >= clock.now)
                    responders.insert(responder)
                    return true
                }
                try await gatehouse.wait(for: "a listener's certificate that holds") {
                    let listener = try await gatehouse.listenerCertificate()
                    listeners.insert(listener)
                    return try Certificate(der: listener).notAfterSeconds() > clock.now + 86_400
                }
            }
            #expect(numbers == numbers.sorted() && Set(numbers).count == 24)
            #expect(responders.count >= 12)
            #expect(listeners.count == 2 && listeners.contains(first), "renewed once, before its end, while it runs")
            #expect(gatehouse.log.contains("renewed TLS certificate in effect"))
            #expect(!gatehouse.log.contains(" error "), "\(gatehouse.errors)")
        }
    }
}

extension RunningGatehouse {
    /// Waits until something that has to be asked for is so; reaching the bound is a failure.
    func wait(for what: String, until isSo: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Place.Failure(description: "waited in vain: \(what)\n\(self.log.suffix(2_000))")
    }

    /// Lines of the log that say that something went wrong.
    var errors: String {
        self.log.split(separator: "\n").filter { $0.contains(" error ") }.joined(separator: "\n")
    }
}

import EnrollmentCore
import EnrollmentTestKit
import Testing

/// Fails the first, second, third … call to any port until the enrollment succeeds, and looks at the ledger each time.
@Suite("Wherever an enrollment breaks off")
struct EnrollmentAnomalyTests {
    /// More calls than one enrollment makes; the sweep has to end before.
    private static let enough = 40

    @Test(
        "every signed certificate is recorded, the limit holds, and a second try goes through",
        arguments: PortJournal.Plan.Moment.allCases
    )
    func sweep(moment: PortJournal.Plan.Moment) async throws {
        var broken = 0
        for number in 1...Self.enough {
            let rehearsal = Rehearsal(PortJournal.Plan(number: number, moment: moment))
            let service = rehearsal.service(limit: 1)
            let enrollment: Enrollment?
            do throws(Refusal) {
                enrollment = try await service.enroll(Rehearsal.request(device: 1, trace: 1))
            } catch {
                #expect(error.error.rule == PortJournal.rule, "call \(number)")
                enrollment = nil
            }
            try await self.judge(rehearsal, enrollment, number)
            guard rehearsal.journal.hasFailed else {
                #expect(broken == number - 1)
                #expect(broken >= 15, "the sweep has to reach every port")
                return
            }
            broken += 1
            // The same machine again, while whatever the first try left behind is still there.
            let second = try await service.enroll(Rehearsal.request(device: 1, trace: 2))
            try await self.judge(rehearsal, second, number)
        }
        Issue.record("the enrollment never succeeded")
    }

    private func judge(_ rehearsal: Rehearsal, _ enrollment: Enrollment?, _ number: Int) async throws {
        let store = rehearsal.ledger.store
        let certificates = try await store.certificates(CertificateQuery()).elements
        for signed in rehearsal.authority.signed {
            let record = certificates.first { $0.serialNumber == signed.draft.serialNumber }
            #expect(record?.toBeSignedDigest == signed.toBeSignedDigest, "call \(number)")
            #expect(record?.state != .closed, "call \(number): what is signed does not count as never signed")
        }
        #expect(Set(certificates.map(\.serialNumber)).count == certificates.count)
        let counted = try await store.counted(userID: Rehearsal.kim.id, staleBefore: Timestamp(seconds: 0))
        #expect(counted.count <= 1, "call \(number)")
        for device in try await store.devices(DeviceQuery()).elements where device.state == .issued {
            #expect(certificates.contains { $0.serialNumber == device.certificateSerial && $0.state == .issued })
        }
        for attempt in try await store.attempts(AttemptQuery()).elements where attempt.outcome == .succeeded {
            #expect(certificates.contains { $0.serialNumber == attempt.serialNumber && $0.state == .issued })
        }
        guard let enrollment else { return }
        let record = certificates.first { $0.serialNumber == enrollment.certificate.serialNumber }
        #expect(record?.state == .issued, "call \(number)")
        #expect(try await store.device(enrollment.device)?.state == .issued)
    }
}

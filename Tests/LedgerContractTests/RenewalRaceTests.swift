internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, when renewals race")
struct RenewalRaceTests {
    private static let due = LedgerFixture.start.adding(days: 306)

    /// Renews all the way; `false` when the ledger refused at either step.
    private static func renews(
        _ enrolled: Enrolled,
        _ candidate: RenewalCandidate,
        in ledger: any LedgerUnderTest
    ) async throws -> Bool {
        let renewal = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due)
        guard let receipt = try await ledger.reserve(renewal).receipt else { return false }
        do {
            try await ledger.confirm(LedgerFixture.confirmation(of: renewal, receipt))
            return true
        } catch {
            // An intent that an order has ended already needs no release.
            try? await ledger.release(receipt, keyUse: .possible, closing: LedgerFixture.refusal(of: renewal))
            return false
        }
    }

    @Test("leaves one successor of twenty that were asked for at once", arguments: Implementation.allCases)
    func siblings(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            let renewed = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 { group.addTask { try await Self.renews(enrolled, candidate, in: ledger) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // Whoever is answered after one that asked later comes to nothing.
            let granted = renewed.count { $0 }
            #expect(granted >= 1)
            let issued = CertificateQuery(state: .issued, device: enrolled.device)
            let valid = try await ledger.certificates(issued).elements.map(\.serialNumber)
            let device = try #require(try await ledger.device(enrolled.device))
            let current = try #require(device.certificateSerial)
            #expect(Set(valid) == [enrolled.serial, current])
            #expect(valid.count == 2)
            let events = try await ledger.events(of: enrolled.device)
            #expect(events.map(\.generation) == Array(1...2 * granted))
            #expect(events.count { $0.kind == .renewed } == granted)
            #expect(events.count { $0.kind == .superseded } == granted - 1)
            #expect(device.generation == 2 * granted)
        }
    }

    @Test(
        "gives nothing valid to a device that is reset, retired or held meanwhile",
        arguments: Implementation.allCases
    )
    func orders(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let verbs: [AdministrativeAct.Verb] = [.reset, .retire, .hold, .revoke]
            for round in 0..<24 {
                let enrolled = try await ledger.enrolled()
                let candidate = try await ledger.candidate(of: enrolled.certificate)
                let verb = verbs[round % verbs.count]
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<3 {
                        group.addTask { _ = try await Self.renews(enrolled, candidate, in: ledger) }
                    }
                    group.addTask {
                        let order = LedgerFixture.order(verb, enrolled.device, at: Self.due)
                        switch verb {
                        case .reset: _ = try await ledger.reset(order)
                        case .retire: _ = try await ledger.retire(order)
                        case .hold: _ = try await ledger.hold(order)
                        default:
                            let all = LedgerFixture.order([enrolled.serial], .keyCompromise, at: Self.due)
                            _ = try await ledger.revoke(all)
                        }
                    }
                    try await group.waitForAll()
                }
                let issued = CertificateQuery(state: .issued, device: enrolled.device)
                let state = try #require(try await ledger.device(enrolled.device)).state
                for certificate in try await ledger.certificates(issued).elements where !state.isAtWork {
                    #expect(try await ledger.revocation(of: certificate.serialNumber) != nil)
                }
                #expect(verb == .revoke || !state.isAtWork)
                #expect(
                    try await ledger.see(enrolled.certificate, at: Self.due) == .notCurrent(device: enrolled.device)
                )
            }
        }
    }

    @Test(
        "falls back to the predecessor when its successor is revoked, and goes on from there",
        arguments: Implementation.allCases
    )
    func fallsBack(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let new = try await ledger.renew(enrolled.certificate, by: enrolled.user, at: Self.due)
            let outcome = try await ledger.revoke(LedgerFixture.order([new.serialNumber], .keyCompromise, at: Self.due))
            #expect(outcome.ended == [])
            let device = try #require(try await ledger.device(enrolled.device))
            #expect(device.state == .active)
            #expect(device.certificateSerial == enrolled.serial)
            #expect(device.certificateEnds == enrolled.certificate.validity.notAfter)
            // Nothing replaces it any more.
            #expect(try await ledger.supersede(dueBy: Self.due.adding(days: 50), limit: 9) == 0)
            #expect(try await ledger.state(of: enrolled.certificate) == .issued)
            let next = try await ledger.renew(enrolled.certificate, by: enrolled.user, at: Self.due.adding(days: 1))
            #expect(try await ledger.device(enrolled.device)?.certificateSerial == next.serialNumber)
        }
    }
}

extension DeviceState {
    /// Whether a device in this state is to have valid certificates.
    fileprivate var isAtWork: Bool { self.occupiesSlot && self != .held }
}

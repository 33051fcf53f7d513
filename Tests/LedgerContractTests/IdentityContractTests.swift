internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, asked whose a certificate is")
struct IdentityContractTests {
    @Test("knows device certificates with all that was recorded of them", arguments: Implementation.allCases)
    func current(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let terms = EnrollmentTerms(providerID: "mdm-1", ownership: .personal, ownershipRule: "byod")
            let enrolled = try await ledger.enrolled(on: terms)
            let identity = try #require(try await ledger.identity(thumbprint: enrolled.certificate.thumbprint))
            #expect(identity.state == .issued)
            #expect(identity.revocation == nil)
            let event = try #require(try await ledger.feed().first)
            #expect(identity.certificate == event.certificate)
            #expect(identity.device == event.device)
            #expect(identity.device.ownership == .personal)
            #expect(identity.verdict(at: LedgerFixture.later(1)) == .current)
            #expect(identity.verdict(at: LedgerFixture.start.adding(days: 500)) == .expired)
            #expect(try await ledger.identity(thumbprint: LedgerFixture.octets(32)) == nil)
        }
    }

    @Test("knows none of what is no device's", arguments: Implementation.allCases)
    func own(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let prepared = LedgerFixture.prepared()
            let receipt = try await ledger.recordIntent(prepared, at: LedgerFixture.start)
            let certificate = LedgerFixture.certificate(for: prepared)
            let record = ServiceCertificateRecord(
                use: "tls",
                serialNumber: receipt.serialNumber,
                chain: [certificate.der],
                sealedKey: [1],
                notAfter: certificate.validity.notAfter
            )
            try await ledger.confirmService(record, certificate: certificate, receipt: receipt)
            #expect(try await ledger.identity(thumbprint: certificate.thumbprint) == nil)
        }
    }

    @Test("says what became of each", arguments: Implementation.allCases)
    func verdicts(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let now = LedgerFixture.start.adding(days: 306)
            func verdict(_ certificate: IssuedCertificate) async throws -> IdentityVerdict? {
                try await ledger.identity(thumbprint: certificate.thumbprint)?.verdict(at: now.adding(days: 2))
            }
            let enrolled = try await ledger.enrolled()
            let renewed = try await ledger.renew(enrolled.certificate, by: enrolled.user, at: now)
            #expect(try await verdict(enrolled.certificate) == .current)
            #expect(try await verdict(renewed) == .current)
            _ = try await ledger.see(renewed, at: now.adding(days: 1))
            #expect(try await verdict(enrolled.certificate) == .superseded)
            _ = try await ledger.hold(LedgerFixture.order(.hold, enrolled.device, at: now))
            #expect(try await verdict(renewed) == .held)
            #expect(try await verdict(enrolled.certificate) == .superseded)
            _ = try await ledger.resume(LedgerFixture.order(.resume, enrolled.device, at: now))
            #expect(try await verdict(renewed) == .current)
            _ = try await ledger.revoke(LedgerFixture.order([renewed.serialNumber], .certificateHold))
            #expect(try await verdict(renewed) == .held)
            _ = try await ledger.reset(LedgerFixture.order(.reset, enrolled.device, at: now))
            #expect(try await verdict(renewed) == .revoked)
            let identity = try #require(try await ledger.identity(thumbprint: renewed.thumbprint))
            #expect(identity.revocation == (try await ledger.revocation(of: renewed.serialNumber)))
        }
    }

    @Test("names what is to be forgotten after each change", arguments: Implementation.allCases)
    func stale(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.newestIdentityChange() == (change: 0, event: 0))
            let enrolled = try await ledger.enrolled()
            let other = try await ledger.enrolled()
            try await ledger.placeAll()
            let start = try await ledger.newestIdentityChange()
            #expect(start == (change: 0, event: 2))
            let none = try await ledger.staleIdentities(afterChange: 0, afterEvent: 2, limit: 10)
            #expect(none == StaleIdentities(thumbprints: [], change: 0, event: 2, isPartial: false))

            let second = try await ledger.enrolled(
                enrolled.user,
                claims: enrolled.reservation.claims,
                as: enrolled.device,
                at: LedgerFixture.later(60)
            )
            try await ledger.placeAll()
            let told = try await ledger.staleIdentities(afterChange: 0, afterEvent: 2, limit: 10)
            #expect(Set(told.thumbprints) == [enrolled.certificate.thumbprint, second.certificate.thumbprint])
            #expect(told.event == 3)
            #expect(told.change == 0)
            #expect(!told.isPartial)

            // One of the log alone, which no event tells of.
            _ = try await ledger.revoke(LedgerFixture.order([other.serial], .certificateHold))
            try await ledger.placeAll()
            let logged = try await ledger.staleIdentities(afterChange: 0, afterEvent: 3, limit: 10)
            #expect(logged.thumbprints == [other.certificate.thumbprint])
            #expect(logged.change == 1)
            #expect(logged.event == 3)
            #expect(try await ledger.newestIdentityChange() == (change: 1, event: 3))

            let part = try await ledger.staleIdentities(afterChange: 0, afterEvent: 0, limit: 1)
            #expect(part.isPartial)
            #expect(part.event == 1)
            #expect(part.change == 1)
            #expect(
                Set(part.thumbprints) == [
                    enrolled.certificate.thumbprint, second.certificate.thumbprint, other.certificate.thumbprint,
                ]
            )
        }
    }
}

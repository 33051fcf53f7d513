public import EnrollmentCore
internal import Synchronization

/// An in-memory ledger behind a journal, which can be told what to answer to the first reservations, and what happens
/// before a call.
public final class JournaledLedger: EnrollmentLedger, RenewalLedger, AttemptLedger {
    /// What holds the records.
    public let store: InMemoryLedger
    private let journal: PortJournal
    private let answers: Mutex<[ReservationOutcome]>
    private let interjections = Mutex<[PortJournal.Call: @Sendable () async throws -> Void]>([:])

    init(store: InMemoryLedger = InMemoryLedger(), journal: PortJournal, answers: [ReservationOutcome] = []) {
        self.store = store
        self.journal = journal
        self.answers = Mutex(answers)
    }

    /// What happens once, before the next renewal is reserved.
    public func beforeReservation(_ body: @escaping @Sendable () async throws -> Void) {
        self.interjections.withLock { $0[.reserveRenewal] = body }
    }

    /// What happens once, before the next certificate is stored.
    public func beforeConfirmation(_ body: @escaping @Sendable () async throws -> Void) {
        self.interjections.withLock { $0[.confirm] = body }
    }

    private func interject(_ call: PortJournal.Call) async throws(EnrollmentError) {
        let body = self.interjections.withLock { $0.removeValue(forKey: call) }
        do {
            try await body?()
        } catch {
            throw EnrollmentError(.internalService, "\(error)", rule: "test.interjection")
        }
    }

    public func candidate(thumbprint: [UInt8]) async throws(EnrollmentError) -> RenewalCandidate? {
        let number = try self.journal.enter(.candidate)
        let candidate = try await self.store.candidate(thumbprint: thumbprint)
        try self.journal.leave(.candidate, number)
        return candidate
    }

    public func reserve(_ reservation: RenewalReservation) async throws(EnrollmentError) -> RenewalReservationOutcome {
        try await self.interject(.reserveRenewal)
        let number = try self.journal.enter(.reserveRenewal)
        let outcome = try await self.store.reserve(reservation)
        try self.journal.leave(.reserveRenewal, number)
        return outcome
    }

    public func noteConflict(_ sentence: String, on device: DeviceID) async throws(EnrollmentError) {
        try await self.store.noteConflict(sentence, on: device)
    }

    public func recognize(_ keys: [RecognitionKey], of userID: String) async throws(EnrollmentError) -> DeviceID? {
        let number = try self.journal.enter(.recognize)
        let device = try await self.store.recognize(keys, of: userID)
        try self.journal.leave(.recognize, number)
        return device
    }

    public func reserve(_ reservation: Reservation) async throws(EnrollmentError) -> ReservationOutcome {
        let number = try self.journal.enter(.reserve)
        let scripted = self.answers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        let outcome = if let scripted { scripted } else { try await self.store.reserve(reservation) }
        try self.journal.leave(.reserve, number)
        return outcome
    }

    public func confirm(_ confirmation: Confirmation) async throws(EnrollmentError) {
        try await self.interject(.confirm)
        let number = try self.journal.enter(.confirm)
        try await self.store.confirm(confirmation)
        try self.journal.leave(.confirm, number)
    }

    public func release(
        _ receipt: IntentReceipt,
        keyUse: AuthorityKeyUse,
        closing attempt: Attempt
    ) async throws(EnrollmentError) {
        let number = try self.journal.enter(.release)
        try await self.store.release(receipt, keyUse: keyUse, closing: attempt)
        try self.journal.leave(.release, number)
    }

    public func releaseReservations(
        madeBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        try await self.store.releaseReservations(madeBefore: moment, at: now, limit: limit)
    }

    public func supersede(dueBy moment: Timestamp, limit: Int) async throws(EnrollmentError) -> Int {
        try await self.store.supersede(dueBy: moment, limit: limit)
    }

    public func record(_ attempt: Attempt) async throws(EnrollmentError) -> Bool {
        let number = try self.journal.enter(.record)
        let isRecorded = try await self.store.record(attempt)
        try self.journal.leave(.record, number)
        return isRecorded
    }

    public func recordEventually(_ attempt: Attempt) {
        self.store.recordEventually(attempt)
    }
}

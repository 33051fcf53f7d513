import EnrollmentCore
import EnrollmentWire
import Synchronization

/// The ports the endpoints lean on, in memory, writing down what reached them.
final class Journal: AttemptLedger, CredentialVerifier, WallClock, RandomSource {
    private struct Entries {
        var attempts: [Attempt] = []
        var credentials: [Credential] = []
        var requests: [EnrollmentRequest] = []
        var renewals: [RenewalRequest] = []
    }

    private let entries = Mutex(Entries())
    private let takenTraceIDs: Set<TraceID>
    private let recordingFailure: EnrollmentError?

    init(takenTraceIDs: Set<TraceID> = [], recordingFailure: EnrollmentError? = nil) {
        self.takenTraceIDs = takenTraceIDs
        self.recordingFailure = recordingFailure
    }

    var attempts: [Attempt] { self.entries.withLock { $0.attempts } }
    var requests: [EnrollmentRequest] { self.entries.withLock { $0.requests } }
    var renewals: [RenewalRequest] { self.entries.withLock { $0.renewals } }

    /// User name and password of every credential that was to be verified.
    var credentials: [[String]] {
        self.entries.withLock { entries in
            entries.credentials.map { credential in
                switch credential {
                case .password(let token): [token.name, token.password.reveal()]
                }
            }
        }
    }

    func record(_ attempt: Attempt) async throws(EnrollmentError) -> Bool {
        if let failure = self.recordingFailure { throw failure }
        guard !self.takenTraceIDs.contains(attempt.traceID) else { return false }
        self.entries.withLock { $0.attempts.append(attempt) }
        return true
    }

    func recordEventually(_ attempt: Attempt) {
        self.entries.withLock { $0.attempts.append(attempt) }
    }

    func verify(_ credential: Credential) async throws(EnrollmentError) -> DirectoryUser {
        self.entries.withLock { $0.credentials.append(credential) }
        switch credential {
        case .password(let token) where token.password.reveal() == "wrong":
            throw EnrollmentError(.authentication, "No such user \(token.name).", rule: "directory.refused")
        case .password(let token):
            return DirectoryUser(id: "id-of-\(token.name)", principalName: token.name, source: "journal")
        }
    }

    var now: Timestamp { Timestamp(seconds: 1_800_000_000) }

    func octets(_ count: Int) throws(EnrollmentError) -> [UInt8] {
        [UInt8](repeating: 7, count: count)
    }

    /// Stands in for the use case: signs in, and refuses the one user who has devices enough.
    func enroll(_ request: EnrollmentRequest) async throws(Refusal) -> Enrollment {
        self.entries.withLock { $0.requests.append(request) }
        do throws(EnrollmentError) {
            let user = try await self.verify(request.credential)
            guard user.principalName != "cap@example.net" else {
                throw EnrollmentError(.deviceCapReached, "Ten of ten.", rule: "limit.reached")
            }
            return Example.enrollment(of: user, claims: request.claims)
        } catch {
            throw self.refusal(error, of: .enrollment, request.traceID, request.sourceAddress)
        }
    }

    /// Stands in for the other use case: signs in who was asked, and refuses the one device that is held.
    func renew(_ request: RenewalRequest) async throws(Refusal) -> Renewal {
        self.entries.withLock { $0.renewals.append(request) }
        do throws(EnrollmentError) {
            if let credential = request.credential { _ = try await self.verify(credential) }
            guard request.claims.deviceID != "HELD" else {
                throw EnrollmentError(.notEligibleToRenew, "The device is held.", rule: "renewal.held")
            }
            return Example.renewal(into: request.claims.enrollmentType)
        } catch {
            throw self.refusal(error, of: .renewal, request.traceID, request.sourceAddress)
        }
    }

    private func refusal(
        _ error: EnrollmentError,
        of operation: Attempt.Operation,
        _ traceID: TraceID,
        _ sourceAddress: String
    ) -> Refusal {
        var attempt = Attempt(
            traceID: traceID,
            operation: operation,
            started: self.now,
            sourceAddress: sourceAddress
        )
        attempt.refuse(error, at: self.now)
        return Refusal(error: error, attempt: attempt, recordingFailure: nil)
    }
}

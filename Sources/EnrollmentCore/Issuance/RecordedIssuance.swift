/// What follows a recorded intent, whatever it was recorded for: sign, confirm, or give back what was taken.
struct RecordedIssuance: Sendable {
    let authority: any CertificateAuthority
    let ledger: any EnrollmentLedger & AttemptLedger
    let clock: any WallClock
    let random: any RandomSource

    /// Signs what the receipt vouches for; a failure ends the intent.
    func sign(
        _ prepared: PreparedCertificate,
        _ receipt: IntentReceipt,
        recording recorder: inout AttemptRecorder
    ) async throws(Refusal) -> IssuedCertificate {
        var keyUse = AuthorityKeyUse.none
        do throws(EnrollmentError) {
            return try await recorder.step("sign") { () async throws(EnrollmentError) in
                let ticket = try IssuanceTicket(for: prepared, recordedAs: receipt)
                // From here on no error tells whether there is a signature somewhere.
                keyUse = .possible
                return try await self.authority.sign(ticket)
            }
        } catch {
            throw await self.release(receipt, keyUse, after: error, recorder.attempt)
        }
    }

    /// Stores what was signed.
    ///
    /// When the ledger refuses it, because of something that came in between, the certificate is given to nobody and its
    /// intent revoked. When it cannot be told whether it was stored, the intent stays in the ledger as issued or not.
    func confirm(_ confirmation: Confirmation) async throws(Refusal) {
        do throws(EnrollmentError) {
            try await self.ledger.confirm(confirmation)
        } catch  where !error.code.isOperatorsConcern {
            throw await self.release(confirmation.receipt, .possible, after: error, confirmation.attempt)
        } catch {
            var attempt = confirmation.attempt
            attempt.refuse(error, at: self.clock.now)
            throw self.unrecorded(error, attempt, because: error)
        }
    }

    /// Frees the slot after a refusal that came before there was a certificate to give.
    func release(
        _ receipt: IntentReceipt,
        _ keyUse: AuthorityKeyUse,
        after error: EnrollmentError,
        _ attempt: Attempt
    ) async -> Refusal {
        var attempt = attempt
        attempt.refuse(error, at: self.clock.now)
        do throws(EnrollmentError) {
            try await self.ledger.release(receipt, keyUse: keyUse, closing: attempt)
            return Refusal(error: error, attempt: attempt, recordingFailure: nil)
        } catch let failure {
            return self.unrecorded(error, attempt, because: failure)
        }
    }

    /// Records a refusal that left nothing behind, under a fresh trace id should its own be taken.
    func refusal(_ error: EnrollmentError, _ attempt: Attempt) async -> Refusal {
        var attempt = attempt
        attempt.refuse(error, at: self.clock.now)
        do throws(EnrollmentError) {
            try await self.ledger.record(&attempt, random: self.random)
            return Refusal(error: error, attempt: attempt, recordingFailure: nil)
        } catch let failure {
            return self.unrecorded(error, attempt, because: failure)
        }
    }

    /// A refusal that the store did not take: it is told the attempt again once it works, so that the trace id which
    /// the device shows means something then.
    private func unrecorded(
        _ error: EnrollmentError,
        _ attempt: Attempt,
        because failure: EnrollmentError
    ) -> Refusal {
        self.ledger.recordEventually(attempt)
        return Refusal(error: error, attempt: attempt, recordingFailure: failure)
    }
}

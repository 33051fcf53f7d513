package import EnrollmentCore

/// What every endpoint leans on.
package struct EndpointServices: Sendable {
    package let attempts: any AttemptLedger
    package let clock: any WallClock
    package let random: any RandomSource
    package let faults: FaultTranslator

    package init(
        attempts: any AttemptLedger,
        clock: any WallClock,
        random: any RandomSource,
        faults: FaultTranslator = FaultTranslator()
    ) {
        self.attempts = attempts
        self.clock = clock
        self.random = random
        self.faults = faults
    }
}

extension EndpointServices {
    /// Ends an attempt as a success, to be recorded with the next commit.
    func success(_ attempt: Attempt, octets: [UInt8]) -> WireResponse {
        var attempt = attempt
        attempt.succeed(at: self.clock.now)
        self.attempts.recordEventually(attempt)
        return WireResponse(status: 200, contentType: WireResponse.soapType, octets: octets, attempt: attempt)
    }

    /// Ends an attempt as a refusal: recorded durably, then answered under the trace id it was recorded by.
    ///
    /// A ledger that cannot record does not keep the device from hearing why it was refused; it is told the attempt
    /// again once it works.
    func refusal(_ attempt: Attempt, _ error: EnrollmentError, in envelope: ResponseEnvelope) async -> WireResponse {
        var attempt = attempt
        attempt.refuse(error, at: self.clock.now)
        var failure: EnrollmentError?
        do throws(EnrollmentError) {
            try await self.attempts.record(&attempt, random: self.random)
        } catch {
            failure = error
            self.attempts.recordEventually(attempt)
        }
        return self.fault(attempt, error, in: envelope, recordingFailure: failure)
    }

    /// Answers a refusal that is already recorded.
    func fault(
        _ attempt: Attempt,
        _ error: EnrollmentError,
        in envelope: ResponseEnvelope,
        recordingFailure: EnrollmentError? = nil
    ) -> WireResponse {
        WireResponse(
            status: self.faults.status,
            contentType: WireResponse.soapType,
            octets: self.faults.octets(for: error, traceID: attempt.traceID, in: envelope),
            attempt: attempt,
            refusal: error,
            recordingFailure: recordingFailure
        )
    }
}

/// An enrollment that was refused, with what its answer and the log need.
public struct Refusal: Error, Sendable {
    public let error: EnrollmentError
    /// The attempt as it was, or should have been, recorded; its trace id goes to the device.
    public let attempt: Attempt
    /// Set when the attempt could not be recorded, so that the log is its only record.
    public let recordingFailure: EnrollmentError?

    public init(error: EnrollmentError, attempt: Attempt, recordingFailure: EnrollmentError?) {
        self.error = error
        self.attempt = attempt
        self.recordingFailure = recordingFailure
    }
}

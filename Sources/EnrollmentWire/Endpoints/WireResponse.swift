package import EnrollmentCore

/// An answer, and what the request's logger should know about it.
package struct WireResponse: Sendable {
    package static let soapType = "application/soap+xml; charset=utf-8"

    /// HTTP status.
    package let status: Int
    /// `nil` when there is no body to describe.
    package let contentType: String?
    package let octets: [UInt8]
    /// The attempt as it ended; `nil` where none was made, such as the probe.
    package let attempt: Attempt?
    /// Set for a fault: why.
    package let refusal: EnrollmentError?
    /// Set when the attempt could not be recorded: the answer went out all the same, so the log is the only record.
    package let recordingFailure: EnrollmentError?

    init(
        status: Int,
        contentType: String?,
        octets: [UInt8],
        attempt: Attempt? = nil,
        refusal: EnrollmentError? = nil,
        recordingFailure: EnrollmentError? = nil
    ) {
        self.status = status
        self.contentType = contentType
        self.octets = octets
        self.attempt = attempt
        self.refusal = refusal
        self.recordingFailure = recordingFailure
    }

    /// To a POST without a body, which scanners and middle boxes send: nothing to translate, nothing to record.
    static let emptyRequest = WireResponse(status: 400, contentType: nil, octets: [])
}

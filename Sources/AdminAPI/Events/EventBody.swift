package import EnrollmentCore

/// Writes an event as destinations get it, without what is meant for one of them alone.
package protocol EventBody: Sendable {
    /// - Returns: One JSON document.
    /// - Throws: ``EnrollmentError`` when it cannot be written.
    func body(of event: FeedEvent, at now: Timestamp) throws(EnrollmentError) -> [UInt8]
}

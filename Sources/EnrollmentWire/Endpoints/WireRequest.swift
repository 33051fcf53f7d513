package import EnrollmentCore

/// One POST as the transport hands it over.
package struct WireRequest: Sendable {
    /// The body, complete.
    package let octets: [UInt8]
    /// Address of the peer, without the port.
    package let sourceAddress: String
    /// SHA-256 over the certificate whose key the connection was made with, be it to us or to a proxy we trust; `nil` when
    /// it was made without one.
    ///
    /// Whose it is and whether it still counts is for the ledger to say: one that has ended may be renewed by permit.
    package let clientCertificate: [UInt8]?
    /// Proposed by the caller; an endpoint takes another should the ledger know it already.
    package let traceID: TraceID
    /// When the request arrived.
    package let now: Timestamp
    /// A UUID that goes into the answer's ActivityId header, to find the exchange in a client's log.
    package let activityID: String

    package init(
        octets: [UInt8],
        sourceAddress: String,
        clientCertificate: [UInt8]? = nil,
        traceID: TraceID,
        now: Timestamp,
        activityID: String
    ) {
        self.octets = octets
        self.sourceAddress = sourceAddress
        self.clientCertificate = clientCertificate
        self.traceID = traceID
        self.now = now
        self.activityID = activityID
    }

    /// What came of this request so far: nothing.
    func attempt(at operation: Attempt.Operation, claimedName: String? = nil) -> Attempt {
        Attempt(
            traceID: self.traceID,
            operation: operation,
            started: self.now,
            sourceAddress: self.sourceAddress,
            claimedName: claimedName
        )
    }

    /// The same with an ActivityId of its own.
    ///
    /// It only has to differ from the next one, so the generator of the language is good enough.
    package init(
        octets: [UInt8],
        sourceAddress: String,
        clientCertificate: [UInt8]? = nil,
        traceID: TraceID,
        now: Timestamp
    ) {
        var generator = SystemRandomNumberGenerator()
        let random = [generator.next(), generator.next()].flatMap { number in
            stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: number >> $0) }
        }
        self.init(
            octets: octets,
            sourceAddress: sourceAddress,
            clientCertificate: clientCertificate,
            traceID: traceID,
            now: now,
            activityID: "\(DeviceID(random: random))"
        )
    }
}

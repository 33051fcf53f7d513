/// One device's try at something, successful or not.
public struct Attempt: Hashable, Sendable {
    public enum Operation: String, Hashable, Sendable, CaseIterable {
        case discovery
        case policy
        case enrollment
        case renewal
    }

    public enum Outcome: String, Hashable, Sendable, CaseIterable {
        /// Recorded by a reservation that has not been concluded.
        case open
        case succeeded
        case refused
    }

    /// One step of the way, with what it took.
    public struct Step: Hashable, Sendable {
        public let name: String
        public let succeeded: Bool
        public let microseconds: Int64
        /// Which server answered and the like; empty when there is nothing to say.
        public let note: String

        public init(name: String, succeeded: Bool, microseconds: Int64, note: String = "") {
            self.name = name
            self.succeeded = succeeded
            self.microseconds = microseconds
            self.note = note
        }
    }

    public var traceID: TraceID
    public let operation: Operation
    public var outcome: Outcome
    public let started: Timestamp
    public var microseconds: Int64
    public let sourceAddress: String
    /// The name that was claimed; proven only where ``userID`` is set.
    public var claimedName: String?
    public var userID: String?
    /// `DeviceID` as claimed.
    public var claimedDeviceID: String?
    /// `HWDevID` as claimed.
    public var hardwareID: String?
    public var deviceName: String?
    public var osVersion: String?
    public var device: DeviceID?
    public var serialNumber: SerialNumber?
    public var steps: [Step]
    /// Set for a refusal: ``EnrollmentError/Code``.
    public var code: EnrollmentError.Code?
    /// Set for a refusal: the rule that decided.
    public var rule: String?
    public var facts: [Fact]
    /// Set for a refusal: a sentence for the operator.
    public var detail: String?
    public var counted: [CountedDevice]

    public init(
        traceID: TraceID,
        operation: Operation,
        started: Timestamp,
        sourceAddress: String,
        claimedName: String? = nil,
        claims: DeviceClaims? = nil
    ) {
        self.traceID = traceID
        self.operation = operation
        self.outcome = .open
        self.started = started
        self.microseconds = 0
        self.sourceAddress = sourceAddress
        self.claimedName = claimedName
        self.userID = nil
        self.claimedDeviceID = claims?.deviceID
        self.hardwareID = claims?.hardwareID
        self.deviceName = claims?.deviceName
        self.osVersion = claims?.osVersion
        self.device = nil
        self.serialNumber = nil
        self.steps = []
        self.code = nil
        self.rule = nil
        self.facts = []
        self.detail = nil
        self.counted = []
    }

    /// Closes the attempt as a success.
    public mutating func succeed(at now: Timestamp) {
        self.outcome = .succeeded
        self.microseconds = now.microseconds - self.started.microseconds
    }

    /// Closes the attempt as a refusal.
    public mutating func refuse(_ error: EnrollmentError, at now: Timestamp) {
        self.outcome = .refused
        self.microseconds = now.microseconds - self.started.microseconds
        self.code = error.code
        self.rule = error.rule
        self.facts = error.facts
        self.detail = error.detail
        self.counted = error.counted
        self.userID = self.userID ?? error.confirmedUserID
    }
}

/// One device's try at something, successful or not.
///
/// What is claimed is kept up to 256 characters (Unicode scalars) and cut beyond: anybody can cause a record, and nobody
/// is to fill the ledger with one.
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
    public var claimedName: String? {
        didSet { self.claimedName = Self.cut(self.claimedName) }
    }
    public var userID: String?
    /// `DeviceID` as claimed.
    public var claimedDeviceID: String? {
        didSet { self.claimedDeviceID = Self.cut(self.claimedDeviceID) }
    }
    /// `HWDevID` as claimed.
    public var hardwareID: String? {
        didSet { self.hardwareID = Self.cut(self.hardwareID) }
    }
    public var deviceName: String? {
        didSet { self.deviceName = Self.cut(self.deviceName) }
    }
    public var osVersion: String? {
        didSet { self.osVersion = Self.cut(self.osVersion) }
    }
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
        self.claimedName = Self.cut(claimedName)
        self.userID = nil
        self.claimedDeviceID = Self.cut(claims?.deviceID)
        self.hardwareID = Self.cut(claims?.hardwareID)
        self.deviceName = Self.cut(claims?.deviceName)
        self.osVersion = Self.cut(claims?.osVersion)
        self.device = nil
        self.serialNumber = nil
        self.steps = []
        self.code = nil
        self.rule = nil
        self.facts = []
        self.detail = nil
        self.counted = []
    }

    private static let longestClaim = 256

    private static func cut(_ claim: String?) -> String? {
        guard let claim, claim.utf8.count > Self.longestClaim else { return claim }
        return String(String.UnicodeScalarView(claim.unicodeScalars.prefix(Self.longestClaim)))
    }

    /// Notes what a device claims, as far as it was read; the first value of a name counts, as in ``DeviceClaims``.
    public mutating func note(_ items: [DeviceClaims.Item]) {
        for item in items.reversed() where !item.value.isEmpty {
            switch item.name {
            case "DeviceID": self.claimedDeviceID = item.value
            case "HWDevID": self.hardwareID = item.value
            case "DeviceName": self.deviceName = item.value
            case "OSVersion": self.osVersion = item.value
            default: break
            }
        }
    }

    /// Closes the attempt as a success.
    public mutating func succeed(at now: Timestamp) {
        self.outcome = .succeeded
        self.microseconds = now.microseconds - self.started.microseconds
    }

    /// The name of the fact that says what the person at the device was told, where that is not the code's sentence.
    public static let spokenReason = "told the user"

    /// Closes the attempt as a refusal.
    public mutating func refuse(_ error: EnrollmentError, at now: Timestamp) {
        self.outcome = .refused
        self.microseconds = now.microseconds - self.started.microseconds
        self.code = error.code
        self.rule = error.rule
        self.facts = error.facts + (error.reasonForUser.map { [Fact(Self.spokenReason, $0)] } ?? [])
        self.detail = error.detail
        self.counted = error.counted
        self.userID = self.userID ?? error.confirmedUserID
    }
}

/// Read-only questions of operators.
///
/// Lists go by key and never count the whole; a page holds ``PageSize/largest`` elements at most, whatever was asked
/// for.
public protocol LedgerQueries: Sendable {
    func devices(_ query: DeviceQuery) async throws(EnrollmentError) -> Page<DeviceRecord>
    func device(_ id: DeviceID) async throws(EnrollmentError) -> DeviceRecord?
    /// Devices whose id starts with the text (8 or more symbols) or whose name equals it, any case; at most `limit`.
    func devices(matching text: String, limit: Int) async throws(EnrollmentError) -> [DeviceRecord]
    func certificates(_ query: CertificateQuery) async throws(EnrollmentError) -> Page<CertificateRecord>
    func certificate(_ serialNumber: SerialNumber) async throws(EnrollmentError) -> CertificateRecord?
    /// By SHA-256 of the certificate.
    func certificate(thumbprint: [UInt8]) async throws(EnrollmentError) -> CertificateRecord?
    func attempts(_ query: AttemptQuery) async throws(EnrollmentError) -> Page<Attempt>
    func attempt(_ traceID: TraceID) async throws(EnrollmentError) -> Attempt?
    /// By stable id or principal name, any case.
    func user(_ name: String) async throws(EnrollmentError) -> UserRecord?
    /// Every device of the user that fills a slot now, and how many live ones do not count.
    func counted(userID: String, staleBefore: Timestamp) async throws(EnrollmentError) -> [CountedDevice]
}

/// How much of a list there is at once.
public enum PageSize {
    /// The most that one page holds: enough for every screen, and little enough to be kept in memory.
    public static let largest = 1_000
    /// What a page can be asked to hold.
    public static let range = 1...Self.largest

    /// The nearest size that a page can have.
    public static func clamped(_ limit: Int) -> Int {
        min(max(Self.range.lowerBound, limit), Self.largest)
    }
}

/// One page of a list, and the key that continues it.
public struct Page<Element: Sendable>: Sendable {
    public let elements: [Element]
    /// Give it as `after` to go on; `nil` at the end.
    public let next: String?

    public init(elements: [Element], next: String?) {
        self.elements = elements
        self.next = next
    }
}

extension Page: Equatable where Element: Equatable {}

/// Which devices to list, newest enrollment first.
public struct DeviceQuery: Hashable, Sendable {
    public var userID: String?
    public var state: DeviceState?
    public var after: String?
    public var limit: Int

    public init(userID: String? = nil, state: DeviceState? = nil, after: String? = nil, limit: Int = 100) {
        self.userID = userID
        self.state = state
        self.after = after
        self.limit = limit
    }
}

/// Which certificates to list, newest first.
public struct CertificateQuery: Hashable, Sendable {
    public var state: CertificateState?
    public var issuerID: String?
    public var device: DeviceID?
    public var after: String?
    public var limit: Int

    public init(
        state: CertificateState? = nil,
        issuerID: String? = nil,
        device: DeviceID? = nil,
        after: String? = nil,
        limit: Int = 100
    ) {
        self.state = state
        self.issuerID = issuerID
        self.device = device
        self.after = after
        self.limit = limit
    }
}

/// Which attempts to list, newest first.
public struct AttemptQuery: Hashable, Sendable {
    public var outcome: Attempt.Outcome?
    public var operation: Attempt.Operation?
    public var userID: String?
    /// The name as claimed, any case.
    public var claimedName: String?
    public var device: DeviceID?
    public var after: String?
    public var limit: Int

    public init(
        outcome: Attempt.Outcome? = nil,
        operation: Attempt.Operation? = nil,
        userID: String? = nil,
        claimedName: String? = nil,
        device: DeviceID? = nil,
        after: String? = nil,
        limit: Int = 100
    ) {
        self.outcome = outcome
        self.operation = operation
        self.userID = userID
        self.claimedName = claimedName
        self.device = device
        self.after = after
        self.limit = limit
    }
}

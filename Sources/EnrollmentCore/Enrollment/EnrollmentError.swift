/// Why an enrollment was refused.
///
/// `code` decides what the device is told; everything else is for the attempt record and the operator's log and never
/// crosses the wire.
public struct EnrollmentError: Error, Sendable {
    /// The refusals a Windows device can tell apart, named as [MS-MDE2] § 2.2.10 names its fault codes.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        case messageFormat
        case invalidSecurity
        case authentication
        case authorization
        case certificateRequest
        case enrollmentServer
        case internalService
        case deviceCapReached
        case deviceNotSupported
        case notSupported
        case notEligibleToRenew
        case inMaintenance
        case userLicense
        case invalidEnrollmentData
        /// Somebody outside who is asked about every device said no, and may have said why.
        case denied
    }

    public let code: Code
    /// A sentence for the operator: what happened and what to do.
    ///
    /// Holds no secret.
    public let detail: String
    /// A stable dotted name of the rule that decided, such as `limit.reached`.
    public let rule: String
    /// What the rule looked at.
    public let facts: [Fact]
    /// The devices that filled the user's limit; empty for every other refusal.
    public let counted: [CountedDevice]
    /// The user whom the directory had confirmed before another rule refused them; `nil` otherwise.
    public let confirmedUserID: String?
    /// What the person at the device is told instead of the code's own sentence; `nil` but for ``Code/denied``.
    ///
    /// One line of at most 300 characters, whatever was given.
    public let reasonForUser: String?
    /// The error that led here, kept for `String(reflecting:)` only.
    public let cause: (any Error)?
    public let file: String
    public let line: UInt

    public init(
        _ code: Code,
        _ detail: String,
        rule: String,
        facts: [Fact] = [],
        counted: [CountedDevice] = [],
        confirmedUserID: String? = nil,
        reasonForUser: String? = nil,
        cause: (any Error)? = nil,
        file: String = #fileID,
        line: UInt = #line
    ) {
        self.code = code
        self.detail = detail
        self.rule = rule
        self.facts = facts
        self.counted = counted
        self.confirmedUserID = confirmedUserID
        self.reasonForUser = code == .denied ? reasonForUser.flatMap { SpokenReason($0)?.text } : nil
        self.cause = cause
        self.file = file
        self.line = line
    }
}

extension EnrollmentError.Code {
    /// What the person at the device, or help desk on the phone, can be told.
    ///
    /// Never says whether an account exists.
    public var sentenceForUser: String {
        switch self {
        case .messageFormat, .invalidSecurity:
            "The device sent a request this server could not read. Try again; if it happens again, call help desk."
        case .authentication:
            "The user name or password is not right, or the account cannot sign in now."
        case .authorization:
            "This account may not enroll devices. Ask your administrator for access."
        case .certificateRequest:
            "The device's certificate request was not acceptable. Try again; if it happens again, call help desk."
        case .enrollmentServer, .internalService:
            "The enrollment server had a problem. Try again in a few minutes."
        case .deviceCapReached:
            "You have reached the maximum number of devices. Remove one you no longer use, or call help desk."
        case .deviceNotSupported:
            "This kind of device is not supported here."
        case .notSupported:
            "Device management is not available for this account."
        case .notEligibleToRenew:
            "The device's certificate cannot be renewed. Enroll the device again."
        case .inMaintenance:
            "The enrollment server is being maintained. Try again later."
        case .userLicense:
            "This account has no license for device management. Ask your administrator."
        case .invalidEnrollmentData:
            "The enrollment data that came with the request is not valid. Start the enrollment again."
        case .denied:
            "This device may not be enrolled for this account. Ask your administrator."
        }
    }

    /// Whether the outside can do nothing about it: the operator has to look.
    public var isOperatorsConcern: Bool {
        switch self {
        case .enrollmentServer, .internalService, .inMaintenance: true
        default: false
        }
    }
}

extension EnrollmentError: CustomStringConvertible {
    /// Safe to show to anyone: the code alone.
    public var description: String { "EnrollmentError.\(self.code.rawValue)" }
}

extension EnrollmentError: CustomDebugStringConvertible {
    public var debugDescription: String {
        let reason = self.cause.map { ", cause: \(String(reflecting: $0))" } ?? ""
        return "EnrollmentError.\(self.code.rawValue)(\"\(self.detail)\", rule: \(self.rule)\(reason))"
            + " at \(self.file):\(self.line)"
    }
}

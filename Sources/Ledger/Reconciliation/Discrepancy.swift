package import EnrollmentCore

/// One device as a management server says it has it.
package struct ToldDevice: Hashable, Sendable {
    /// Of the export, from 1.
    package let line: Int
    /// SHA-256 of the device's certificate.
    package let thumbprint: [UInt8]?
    package let device: DeviceID?
    /// The client's `DeviceID`.
    package let claimedDeviceID: String?
    /// User principal name.
    package let user: String?
    package let lastSeen: Timestamp?

    package init(
        line: Int,
        thumbprint: [UInt8]? = nil,
        device: DeviceID? = nil,
        claimedDeviceID: String? = nil,
        user: String? = nil,
        lastSeen: Timestamp? = nil
    ) {
        self.line = line
        self.thumbprint = thumbprint
        self.device = device
        self.claimedDeviceID = claimedDeviceID
        self.user = user
        self.lastSeen = lastSeen
    }
}

/// Where management server, ledger and directory do not agree.
package struct Discrepancy: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// A live device of ours that the server does not have.
        case missing
        /// The server has one that we never had.
        case unknown
        /// The server has one that has ended here.
        case ended
        /// The server has one that is another server's now.
        case elsewhere
        /// The server goes by another certificate than the device's current one.
        case otherCertificate = "other-certificate"
        /// The server names another owner.
        case otherUser = "other-user"
        /// The server has a device more than once.
        case repeated
        /// The directory no longer has the owner.
        case userGone = "user-gone"
        /// The directory lets the owner not in.
        case userDisabled = "user-disabled"
        /// Neither side has seen the device for long.
        case silent
    }

    package let kind: Kind
    /// Of the export; `nil` for a device that is not in it.
    package let line: Int?
    package let device: DeviceID?
    package let state: DeviceState?
    package let name: String?
    /// The owner here.
    package let user: String?
    /// SHA-256 of the device's current certificate.
    package let current: [UInt8]?
    /// SHA-256 that the server names.
    package let told: [UInt8]?
    /// The owner that the server names, in lower case.
    package let toldUser: String?
    /// When the server saw it.
    package let seen: Timestamp?
    /// The directory's words.
    package let detail: String?
}

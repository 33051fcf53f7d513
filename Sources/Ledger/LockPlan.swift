internal import EnrollmentCore

/// Whose affairs a transaction changes.
///
/// The rule that keeps transactions of many processes from mixing: whoever changes anything about a user's devices or
/// their certificates holds that user's lock, and judges after taking it. A device never changes its owner, so devices
/// and certificates lead to the user whatever happens meanwhile. SQLite, with its one writer, needs none of it.
package struct LockPlan: Hashable, Sendable {
    /// Stable ids of users.
    var users: [String] = []
    /// Whose owners are locked.
    var devices: [DeviceID] = []
    /// Of certificates: the owners of their devices are locked, and their keys.
    var serials: [SerialNumber] = []
    /// SHA-256 of certificates whose owners are locked.
    var thumbprints: [[UInt8]] = []
    /// SHA-256 over SubjectPublicKeyInfo.
    var keys: [[UInt8]] = []
    /// Of things that are nobody's: a shard's turn, the authority, retention.
    var names: [String] = []
    /// Whether the issuer that signs has to stay it meanwhile: many may want so at once, and ``rotation`` waits for them.
    var needsIssuer = false

    /// For what a constraint of the database guards alone.
    static let none = LockPlan()
    static let authority = LockPlan(names: ["authority"])
    /// Changing who signs.
    static let rotation = LockPlan(names: ["authority", Self.issuer])
    static let issuer = "issuer"
    static let retention = LockPlan(names: ["retention"])
    static let agreement = LockPlan(names: ["agreement"])
    /// Giving events their places.
    static let feed = LockPlan(names: ["feed"])
    static let tokens = LockPlan(names: ["tokens"])

    /// One destination's turn, standing and deliveries.
    static func destination(_ name: String) -> LockPlan {
        LockPlan(names: [DestinationTable.lease(of: name)])
    }
}

/// Where a request says that its private key is kept.
///
/// A claim, since nothing of the request is attested; good enough to notice that a device's next key is said to be less
/// protected than its last one.
public enum KeyProtection: String, Hashable, Sendable, CaseIterable {
    /// A trusted platform module or a smart card.
    case hardware
    case software
    /// The request does not say.
    case unstated
}

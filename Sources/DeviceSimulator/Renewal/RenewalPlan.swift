/// How a device renews: by whose word, for which key, and in what it departs from an honest renewal.
public struct RenewalPlan: Sendable {
    /// Who vouches for the renewal besides the signed message.
    public enum Proof: Sendable {
        /// The current certificate in TLS, nobody is asked (`ROBO`).
        case certificate
        /// A person types the password; no certificate is presented.
        case password(SimulatedUser)
        /// Neither: the signed message alone, as behind a proxy that ends TLS.
        case messageAlone
    }

    /// The key to be certified.
    public enum NewKey: Sendable {
        /// `nil` is the kind the device has: a server may refuse a weaker one.
        case fresh(DeviceKey.Kind?)
        /// Made earlier.
        case prepared(DeviceKey)
        /// The one the device has: to be refused.
        case same
    }

    public var proof = Proof.certificate
    public var newKey = NewKey.fresh(nil)
    public var form = RenewalForm()
    /// Another device, whose certificate is presented in TLS: to be refused.
    public var presented: DeviceIdentity?
    /// Another device, which signs the message: to be refused.
    public var signer: DeviceIdentity?
    /// Where to send it; `nil` is where the certificate came from.
    public var enrollmentAddress: String?

    public init() {}

    /// Whether a person had a part in it.
    public var isManual: Bool {
        if case .password = self.proof { true } else { false }
    }
}

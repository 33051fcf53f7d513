/// How one renewal went.
public struct RenewalOutcome: Sendable {
    /// What a renewal brought.
    public struct Renewed: Sendable {
        public let identity: DeviceIdentity
        public let certificate: CertificateFacts
        /// Whether the device threw it away, as if the answer had been lost.
        public let isLost: Bool
        /// Whether a TLS connection was made with the new certificate.
        public let madeContact: Bool
        /// What the server says it saw in that connection; `nil` when it says nothing.
        public let seenByServer: String?
    }

    public let device: SimulatedDevice
    /// The name of the user who enrolled it.
    public let user: String
    /// Milliseconds from the request to a certificate that holds; first contact is not in it.
    public let milliseconds: Double
    public let result: Result<Renewed, SimulationFailure>
}

extension RenewalOutcome: CustomStringConvertible {
    public var description: String {
        switch self.result {
        case .success(let renewed):
            let end = renewed.isLost ? ", thrown away" : renewed.madeContact ? ", presented in TLS" : ""
            return "\(self.device.name) of \(self.user) renewed in \(Text.milliseconds(self.milliseconds)) ms:"
                + " certificate \(renewed.certificate.thumbprint), \(renewed.certificate.subject),"
                + " serial \(renewed.certificate.serialNumber)\(end)"
        case .failure(let failure):
            return "\(self.device.name) of \(self.user) did not renew: \(failure)"
        }
    }
}

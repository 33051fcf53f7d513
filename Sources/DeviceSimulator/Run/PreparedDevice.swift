/// A device with everything made that costs it time but not the server.
struct PreparedDevice: Sendable {
    let device: SimulatedDevice
    let key: DeviceKey
    /// Its certificate request in base64, broken over lines with CR LF.
    let request: String

    init(_ device: SimulatedDevice, key: DeviceKey, variation: RequestVariation) throws(SimulationFailure) {
        self.device = device
        self.key = key
        let request = try CertificateRequest(for: device, key: key, variation: variation)
        self.request = Base64.encode(request.der, lineLength: 64)
    }
}

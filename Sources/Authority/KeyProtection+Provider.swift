internal import EnrollmentCore

extension KeyProtection {
    /// Providers of Windows that keep keys in a trusted platform module or on a smart card, in lower case.
    ///
    /// Passport is what Windows Hello keeps its keys in; it falls back to software on machines without a module, and
    /// nothing in a request tells.
    private static let hardwareProviders: Set<String> = [
        "microsoft platform crypto provider", "microsoft passport key storage provider",
        "microsoft smart card key storage provider", "microsoft base smart card crypto provider",
    ]

    /// - Parameter providerName: Who made the key, as the request claims.
    init(providerName: String?) {
        guard let providerName else {
            self = .unstated
            return
        }
        self = Self.hardwareProviders.contains(providerName.lowercased()) ? .hardware : .software
    }
}

internal import EnrollmentCore
internal import XMLKit

/// Reads what a device says about itself ([MS-MDE2] § 3.4.4.1.1.1.1).
enum ContextItems {
    private static let mostItems = 128
    private static let mostOctets = 256 * 1024
    private static let longestName = 128

    /// One entry per network card, modem or old spelling; everything else that decides anything comes once.
    private static let single: Set<String> = [
        "OSEdition", "OSVersion", "DeviceName", "EnrollmentType", "DeviceType", "ApplicationVersion", "DeviceID",
        "EnrollmentData", "TargetedUserLoggedIn", "Locale", "HWDevID", "BulkAADJ", "ZeroTouchProvisioning",
        "OfflineAutoPilotEnrollmentCorrelator", "UXInitiated", "ExternalMgmtAgentHint", "DomainName",
        "BootstrapDomainJoin", "PlugandForget", "WhiteGlove", "WhiteGloveHybridJoin", "NotInOobe",
        "AIKAttestationClaim", "AIKPub", "AIKCert", "AadAIKAttestationClaim", "AADPub", "EmmDeviceId",
        "RequestVersion", "AzureAttestationBlob", "AttestationStatus", "AttestationStatusHResult", "Manufacturer",
        "DeviceModel", "SerialNumber",
    ]

    /// How many characters (Unicode scalars) a value may have; all are stored, and real ones are far below.
    private static let longestValues: [String: Int] = [
        "DeviceName": 256, "HWDevID": 256, "Manufacturer": 256, "DeviceModel": 256, "SerialNumber": 256,
        "OSVersion": 128, "OSEdition": 128, "ApplicationVersion": 128, "DeviceType": 128, "EnrollmentType": 128,
        "Locale": 128, "DeviceID": 128, "MAC": 64, "IMEI": 64, "EmmDeviceId": 64,
        "AADPub": 65_536, "AzureAttestationBlob": 65_536, "EnrollmentData": 65_536,
    ]

    /// Up to here a value is within the bound of every item.
    private static let shortValue = 64

    private static func longestValue(of name: String) -> Int {
        if let limit = Self.longestValues[name] { return limit }
        // Attestation statements with their certificates; everything else, known or not, is a word or a sentence.
        return name.hasPrefix("AIK") || name.hasPrefix("Aad") ? 65_536 : 4_096
    }

    private static func checkLength(of value: String, named name: String) throws(EnrollmentError) {
        guard value.utf8.count > Self.shortValue else { return }
        let limit = Self.longestValue(of: name)
        guard value.utf8.count <= limit || value.unicodeScalars.count <= limit else {
            throw .messageFormat(
                "A context item's value is longer than any client sends.",
                rule: "enrollment.context-value",
                facts: [Fact("item", name), Fact("allowed characters", "\(limit)")]
            )
        }
    }

    /// Reads the context items of a request; names unknown here are kept.
    ///
    /// - Parameters:
    ///   - body: The request.
    ///   - attempt: Is told what was read, all of it or up to what is refused.
    /// - Returns: The claims, every item among them.
    /// - Throws: ``EnrollmentError``: `messageFormat` beyond 128 items or 256 KiB, for a value beyond its item's length, a
    ///   repeated item that must not repeat, or without a usable DeviceID and EnrollmentType; `notSupported` for an
    ///   enrollment without certificate.
    static func claims(in body: XMLElement, notedIn attempt: inout Attempt) throws(EnrollmentError) -> DeviceClaims {
        var items: [DeviceClaims.Item] = []
        defer { attempt.note(items) }
        try Self.read(try body.required("AdditionalContext", in: Namespace.authorization), into: &items)
        guard let deviceID = items.first(where: { $0.name == "DeviceID" })?.value, !deviceID.isEmpty else {
            throw .messageFormat("The request has no DeviceID.", rule: "enrollment.device-id")
        }
        let type = items.first { $0.name == "EnrollmentType" }?.value ?? ""
        return DeviceClaims(deviceID: deviceID, enrollmentType: try Self.enrollmentType(type), items: items)
    }

    private static func read(_ context: XMLElement, into items: inout [DeviceClaims.Item]) throws(EnrollmentError) {
        var seen: Set<String> = []
        var octets = 0
        for element in context.children
        where element.matches("ContextItem", in: Namespace.authorization, ignoringTrailingSlash: true) {
            let name = element.attribute("Name").map { WireText.trimmed($0) } ?? ""
            let value = try element.only("Value", in: Namespace.authorization)?.value ?? ""
            octets += name.utf8.count + value.utf8.count
            guard items.count < Self.mostItems, octets <= Self.mostOctets else {
                throw .messageFormat(
                    "The request holds more context items than any client sends.",
                    rule: "enrollment.context-limit",
                    facts: [
                        Fact("allowed items", "\(Self.mostItems)"), Fact("allowed octets", "\(Self.mostOctets)"),
                    ]
                )
            }
            guard !name.isEmpty, name.utf8.count <= Self.longestName else {
                throw .messageFormat(
                    "A context item has no name, or one beyond \(Self.longestName) octets.",
                    rule: "enrollment.context-name"
                )
            }
            guard !Self.single.contains(name) || seen.insert(name).inserted else {
                throw .messageFormat(
                    "The request holds a context item twice; which one counts is not guessed.",
                    rule: "enrollment.context-duplicate",
                    facts: [Fact("item", name)]
                )
            }
            try Self.checkLength(of: value, named: name)
            items.append(DeviceClaims.Item(name: name, value: value))
        }
    }

    private static func enrollmentType(_ word: String) throws(EnrollmentError) -> EnrollmentType {
        switch word.lowercased() {
        case "full": return .full
        case "device": return .device
        case "appmanagement":
            throw EnrollmentError(
                .notSupported,
                "The device asked for application management without a certificate, which is not offered.",
                rule: "enrollment.type"
            )
        default:
            throw .messageFormat("The request has no EnrollmentType Full or Device.", rule: "enrollment.type")
        }
    }
}

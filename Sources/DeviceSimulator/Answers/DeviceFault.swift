internal import XMLKit

/// A refusal, as a device reads it ([MS-MDE2] § 2.2.10).
public struct DeviceFault: Hashable, Sendable {
    public let httpStatus: Int
    /// Without prefix, as sent: `Authorization`.
    public let subcode: String
    /// The detail's `ErrorType`, as sent: `DeviceCapReached`.
    public let errorType: String?
    /// The reason, for a person, in at most 400 characters.
    public let reason: String
    public let traceID: String?

    /// The number the device shows, `0x80180002`; `nil` when none is documented for what was sent.
    public var deviceCode: String? {
        // The error type is the finer word and wins. Published samples are in lower case, so case is forgiven.
        if let type = self.errorType, let code = Self.errorTypes[type.lowercased()] { return code }
        return Self.subcodes[self.subcode.lowercased()]
    }

    private static let subcodes = [
        "messageformat": "0x80180001",
        "authentication": "0x80180002",
        "authorization": "0x80180003",
        "certificaterequest": "0x80180004",
        "enrollmentserver": "0x80180005",
        "internalservicefault": "0x80180006",
        "invalidsecurity": "0x80180007",
    ]

    private static let errorTypes = [
        "devicecapreached": "0x80180013",
        "devicenotsupported": "0x80180014",
        "notsupported": "0x80180015",
        "noteligibletorenew": "0x80180016",
        "inmaintenance": "0x80180017",
        "userlicense": "0x80180018",
        "invalidenrollmentdata": "0x80180019",
        "customservererror": "0x80180032",
    ]

    /// Reads the `Fault` that a body holds.
    init(_ fault: XMLElement, httpStatus: Int) {
        let subcode = fault.child("Code")?.child("Subcode")?.child("Value")?.trimmedText ?? ""
        let detail = fault.child("Detail")?.child("DeviceEnrollmentServiceError")
        self.httpStatus = httpStatus
        self.subcode = String((subcode.split(separator: ":").last ?? "").prefix(64))
        self.errorType = (detail?.child("ErrorType")?.trimmedText).map { String($0.prefix(64)) }
        self.reason = String((fault.child("Reason")?.child("Text")?.trimmedText ?? "").prefix(400))
        self.traceID = (detail?.child("TraceId")?.trimmedText).map { String($0.prefix(64)) }
    }
}

extension XMLElement {
    /// The first child of that name in any case and namespace: published faults are in lower case.
    fileprivate func child(_ name: String) -> XMLElement? {
        self.children.first { $0.localName.lowercased() == name.lowercased() }
    }
}

extension DeviceFault: CustomStringConvertible {
    public var description: String {
        var text = self.subcode.isEmpty ? "no subcode" : self.subcode
        if let type = self.errorType { text += ", \(type)" }
        text += ", the device shows \(self.deviceCode ?? "a general error")"
        if !self.reason.isEmpty { text += ", \"\(self.reason)\"" }
        if let trace = self.traceID { text += ", trace \(trace)" }
        return text + ", HTTP \(self.httpStatus)"
    }
}

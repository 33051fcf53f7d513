internal import EnrollmentCore
internal import XMLKit

/// Turns a refusal into the SOAP fault a device understands ([MS-MDE2] § 2.2.10).
///
/// Only the error's code decides what is said, but for a denial by somebody outside, who may word it. Its detail, rule and
/// facts stay here, so no fault tells whether an account exists.
package struct FaultTranslator: Sendable {
    /// The HTTP status faults travel with: 500 as SOAP 1.2 Part 2 § 7.4.2 asks, or 200 for clients that hide a fault
    /// behind another status.
    package let status: Int

    package init(status: Int = 500) {
        precondition(status == 500 || status == 200, "faults travel with status 500 or 200")
        self.status = status
    }

    /// What the device tells codes apart by.
    private struct Shape {
        let subcode: String
        let errorType: String?
    }

    private static func shape(of code: EnrollmentError.Code) -> Shape {
        switch code {
        case .messageFormat: Shape(subcode: "s:MessageFormat", errorType: nil)
        case .authentication: Shape(subcode: "s:Authentication", errorType: nil)
        case .authorization: Shape(subcode: "s:Authorization", errorType: nil)
        case .certificateRequest: Shape(subcode: "s:CertificateRequest", errorType: nil)
        case .enrollmentServer: Shape(subcode: "s:EnrollmentServer", errorType: nil)
        case .internalService: Shape(subcode: "a:InternalServiceFault", errorType: nil)
        case .invalidSecurity: Shape(subcode: "a:InvalidSecurity", errorType: nil)
        case .deviceCapReached: Shape(subcode: "s:Authorization", errorType: "DeviceCapReached")
        case .deviceNotSupported: Shape(subcode: "s:Authorization", errorType: "DeviceNotSupported")
        case .notSupported: Shape(subcode: "s:Authorization", errorType: "NotSupported")
        case .notEligibleToRenew: Shape(subcode: "s:Authorization", errorType: "NotEligibleToRenew")
        case .inMaintenance: Shape(subcode: "s:EnrollmentServer", errorType: "InMaintenance")
        case .userLicense: Shape(subcode: "s:Authorization", errorType: "UserLicense")
        case .invalidEnrollmentData: Shape(subcode: "s:MessageFormat", errorType: "InvalidEnrollmentData")
        case .denied: Shape(subcode: "s:Authorization", errorType: "CustomServerError")
        }
    }

    /// - Returns: The whole fault as an answer within `envelope`.
    func octets(for error: EnrollmentError, traceID: TraceID, in envelope: ResponseEnvelope) -> [UInt8] {
        let shape = Self.shape(of: error.code)
        let sentence = error.reasonForUser ?? error.code.sentenceForUser
        return envelope.octets { writer in
            writer.element("s:Fault") { writer in
                writer.element("s:Code") { writer in
                    writer.element("s:Value", text: "s:Receiver")
                    writer.element("s:Subcode") { writer in
                        writer.element("s:Value", text: shape.subcode)
                    }
                }
                writer.element("s:Reason") { writer in
                    writer.element("s:Text", ["xml:lang": "en-US"], text: sentence)
                }
                writer.element("s:Detail") { writer in
                    writer.element("DeviceEnrollmentServiceError", ["xmlns": Namespace.enrollment]) { writer in
                        if let errorType = shape.errorType { writer.element("ErrorType", text: errorType) }
                        writer.element("Message", text: sentence)
                        writer.element("TraceId", text: "\(traceID)")
                    }
                }
            }
        }
    }
}

internal import EnrollmentCore
internal import XMLKit

/// The answer to an enrollment: a provisioning document wrapped as a token ([MS-MDE2] § 3.4.4.1.1.2).
struct SecurityTokenResponse {
    private static let types = "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment"
    private static let lifetime: Int64 = 300

    let envelope: ResponseEnvelope
    let document: [UInt8]
    let now: Timestamp

    /// - Returns: The whole answer.
    func octets() -> [UInt8] {
        let token = Base64.encode(self.document)
        return self.envelope.octets(capacity: token.count + 4096, header: self.writeTimestamp) { writer in
            writer.element("RequestSecurityTokenResponseCollection", ["xmlns": Namespace.trust]) { writer in
                writer.element("RequestSecurityTokenResponse") { writer in
                    writer.element("TokenType", text: "\(Self.types)/DeviceEnrollmentToken")
                    writer.element("DispositionMessage", ["xmlns": Namespace.enrollment])
                    writer.element("RequestedSecurityToken") { writer in
                        writer.element(
                            "BinarySecurityToken",
                            [
                                "ValueType": "\(Self.types)/DeviceEnrollmentProvisionDoc",
                                "EncodingType": "\(Namespace.security)#base64binary",
                                "xmlns": Namespace.security,
                            ]
                        ) { writer in writer.raw(token) }
                    }
                    writer.element("RequestID", ["xmlns": Namespace.enrollment], text: "0")
                }
            }
        }
    }

    private func writeTimestamp(to writer: inout XMLWriter) {
        writer.element(
            "o:Security",
            ["s:mustUnderstand": "1", "xmlns:o": Namespace.security, "xmlns:u": Namespace.utility]
        ) { writer in
            writer.element("u:Timestamp", ["u:Id": "_0"]) { writer in
                writer.element("u:Created", text: self.now.descriptionWithMilliseconds)
                writer.element("u:Expires", text: self.now.adding(seconds: Self.lifetime).descriptionWithMilliseconds)
            }
        }
    }
}

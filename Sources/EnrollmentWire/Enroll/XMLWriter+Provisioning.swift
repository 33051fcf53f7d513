internal import EnrollmentCore
internal import XMLKit

/// The two elements that provisioning documents are made of ([MS-MDE2] § 2.2.9.1).
extension XMLWriter {
    mutating func characteristic(_ type: String, _ content: (inout XMLWriter) -> Void) {
        self.element("characteristic", ["type": type], content)
    }

    mutating func parameter(_ name: String, _ value: String?, type: String? = nil) {
        self.element("parm", ["name": name, "value": value, "datatype": type])
    }

    mutating func parameter(_ name: String, _ value: Int) {
        self.parameter(name, "\(value)", type: "integer")
    }

    mutating func parameter(_ name: String, _ value: Bool) {
        self.parameter(name, value ? "true" : "false", type: "boolean")
    }

    /// Windows names certificates by SHA-1 in upper-case hexadecimal.
    mutating func certificate(
        _ der: [UInt8],
        thumbprint: [UInt8],
        _ more: (inout XMLWriter) -> Void = { _ in }
    ) {
        self.characteristic(Hexadecimal.encode(thumbprint).uppercased()) { writer in
            writer.parameter("EncodedCertificate", String(decoding: Base64.encode(der), as: UTF8.self))
            more(&writer)
        }
    }
}

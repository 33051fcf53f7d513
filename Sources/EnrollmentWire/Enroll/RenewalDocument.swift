internal import EnrollmentCore
internal import XMLKit

/// The `wap-provisioningdoc` that gives a device its next certificate ([MS-MDE2] § 3.5.4.1.1.2).
///
/// It holds what is new and nothing else: account, schedule and settings are the device's already, and it may have been
/// moved to another management address since.
struct RenewalDocument {
    let renewal: Renewal
    /// The account that the certificate belongs to.
    let providerID: String
    /// SHA-1 over each of the renewal's authorities, in their order.
    let authorityThumbprints: [[UInt8]]

    /// - Returns: The document on one line, without an XML declaration.
    func octets() -> [UInt8] {
        var writer = XMLWriter(capacity: 4096)
        writer.element("wap-provisioningdoc", ["version": "1.1"]) { writer in
            writer.characteristic("CertificateStore") { writer in
                writer.authorities(self.renewal.authorities, thumbprints: self.authorityThumbprints)
                self.writeCertificate(to: &writer)
            }
            writer.characteristic("APPLICATION") { writer in
                writer.parameter("APPID", "w7")
                writer.parameter("PROVIDER-ID", self.providerID)
            }
        }
        return writer.octets
    }

    /// The key container stands inside the certificate's node, as the published renewal answers have it; at enrollment
    /// it stands beside it.
    private func writeCertificate(to writer: inout XMLWriter) {
        let certificate = self.renewal.certificate
        writer.characteristic("My") { writer in
            writer.characteristic(self.renewal.enrollmentType == .device ? "System" : "User") { writer in
                writer.certificate(certificate.der, thumbprint: certificate.windowsThumbprint) { writer in
                    writer.characteristic("PrivateKeyContainer") { _ in }
                }
            }
        }
    }
}

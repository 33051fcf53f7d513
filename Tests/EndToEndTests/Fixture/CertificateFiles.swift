import DeviceSimulator
import Foundation

/// A device's certificate and its issuer's as files for other people's tools.
struct CertificateFiles: Sendable {
    let leaf: String
    let issuer: String
}

extension Place {
    func files(of device: DeviceIdentity) throws -> CertificateFiles {
        let name = UUID().uuidString
        return CertificateFiles(
            leaf: try self.keep(Self.pem(device.certificate).utf8, as: "\(name).pem"),
            issuer: try self.keep(Self.pem(device.issuers.first ?? []).utf8, as: "\(name)-issuer.pem")
        )
    }

    static func pem(_ der: [UInt8]) -> String {
        let text = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n"
    }
}

import DeviceSimulator
import EnrollmentTestKit
import Foundation
import OpenSSLKit
import X509Kit

/// The signed message of a renewal, put together by hand so that any part of it can be wrong.
struct HandSignedRenewal {
    /// With the RSA key that Windows makes.
    let device: DeviceIdentity
    let certificate: Certificate
    private let key: SigningKey

    /// - Throws: When the device's certificate or key cannot be read.
    init(_ device: DeviceIdentity) throws {
        self.device = device
        self.certificate = try Certificate(der: device.certificate)
        let lines = try device.key.pem().split(separator: "\n").filter { !$0.hasPrefix("-----") }
        guard let info = Data(base64Encoded: lines.joined()) else {
            throw Place.Failure(description: "the device's key is not PEM")
        }
        self.key = try SigningKey(privateKeyInfo: SecretOctets(Array(info)))
    }

    /// What the message holds: a request for a new key, signed by it.
    ///
    /// - Parameter other: The certificate that the request says it renews.
    /// - Returns: The request, whose key is kept by nobody.
    /// - Throws: When no key can be made.
    static func request(renewing other: [UInt8]? = nil) throws -> ForgedRequest {
        let key = try SigningKey.generate(.ecdsaP256)
        var request = ForgedRequest(for: key)
        if let other { request.attributes = .context(0, [ForgedSigner.renewalCertificate(DERElement(other))]) }
        return try request.signed(by: key)
    }

    /// This device as a signer of `content`.
    func signer(over content: [UInt8]) throws -> ForgedSigner {
        var signer = try ForgedSigner(ForgedIdentity(), over: content)
        signer.key = self.key
        // As Windows names it: RSA without its digest.
        signer.signatureAlgorithm = .sequence([.identifier("1.2.840.113549.1.1.1"), .null])
        signer.identifier = .sequence([
            DERElement(self.certificate.issuer), .integer(self.certificate.serialNumber),
        ])
        return signer
    }

    /// The message that an honest device sends.
    func message() throws -> ForgedSignedMessage {
        try self.message(around: try Self.request(renewing: self.device.certificate).der)
    }

    func message(around content: [UInt8]) throws -> ForgedSignedMessage {
        ForgedSignedMessage(
            content,
            certificates: [DERElement(self.device.certificate)],
            signers: [try self.signer(over: content).signed()]
        )
    }

    /// What the device says of itself.
    var claims: Message.Claims {
        Message.Claims(deviceID: self.device.device.deviceID, hardwareID: self.device.device.hardwareID)
    }
}

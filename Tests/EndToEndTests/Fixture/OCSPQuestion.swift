import DeviceSimulator
import EnrollmentTestKit
import Foundation
import OpenSSLKit
import Testing
import X509Kit

/// A question about certificates (RFC 6960 § 4.1), written by hand.
struct OCSPQuestion {
    var certificateIDs: [DERElement]
    var nonce: [UInt8]?

    /// Asks about certificates of one issuer.
    ///
    /// - Parameters:
    ///   - serialNumbers: Contents of each one's INTEGER.
    ///   - issuer: DER of the issuer's certificate.
    ///   - hash: The digest that names the issuer.
    /// - Throws: When the certificate cannot be read.
    init(
        _ serialNumbers: [[UInt8]],
        of issuer: [UInt8],
        by hash: OCSPCertificateID.HashAlgorithm = .sha1
    ) throws {
        let issuer = try Certificate(der: issuer)
        let digest: ([UInt8]) throws -> [UInt8] = { octets in
            switch hash {
            case .sha1: try Digest.sha1(octets)
            case .sha256: try Digest.sha256(octets)
            }
        }
        let (name, key) = (try digest(issuer.subject), try digest(try issuer.subjectKey().keyBits))
        self.certificateIDs = serialNumbers.map { serialNumber in
            DERElement(
                OCSPCertificateID(
                    hash: hash,
                    issuerNameHash: name,
                    issuerKeyHash: key,
                    serialNumber: serialNumber
                ).der
            )
        }
    }

    /// Asks about a device's certificate.
    init(_ device: DeviceIdentity, by hash: OCSPCertificateID.HashAlgorithm = .sha1) throws {
        let certificate = try Certificate(der: device.certificate)
        try self.init([certificate.serialNumber], of: try #require(device.issuers.first), by: hash)
    }

    var der: [UInt8] {
        var fields = [DERElement.sequence(self.certificateIDs.map { .sequence([$0]) })]
        if let nonce = self.nonce {
            let value = DERElement.octetString(DERElement.octetString(nonce).octets)
            fields.append(.context(2, [.sequence([.sequence([.identifier("1.3.6.1.5.5.7.48.1.2"), value])])]))
        }
        return DERElement.sequence([.sequence(fields)]).octets
    }

    /// In base64 as it stands in an address (RFC 6960 § A.1).
    var path: String {
        Data(self.der).base64EncodedString().replacing("+", with: "%2B").replacing("/", with: "%2F")
            .replacing("=", with: "%3D")
    }
}

extension RunningGatehouse {
    /// The answer to a POST.
    func ask(_ question: OCSPQuestion, at place: String = "/pki/ocsp") async throws -> OCSPResponse {
        try await self.ask(question.der, at: place)
    }

    func ask(_ question: [UInt8], at place: String = "/pki/ocsp") async throws -> OCSPResponse {
        let page = try await self.post(question, to: place, type: "application/ocsp-request")
        guard page.status == 200, page["Content-Type"] == "application/ocsp-response" else {
            throw Place.Failure(description: "\(page)")
        }
        return try OCSPResponse(der: page.body)
    }

    /// What the certificate of a device is worth now.
    func status(of device: DeviceIdentity) async throws -> OCSPResponseData.Status? {
        try await self.ask(try OCSPQuestion(device)).singles.first?.status
    }
}

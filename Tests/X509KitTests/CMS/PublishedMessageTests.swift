import Foundation
import OpenSSLKit
import Testing
import X509Kit

/// Published messages, where a copy stands beside the checkout or `GATEHOUSE_SAMPLES` names one.
@Suite("Published signed requests")
struct PublishedMessageTests {
    static let folder: URL? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["GATEHOUSE_SAMPLES"].map { URL(filePath: $0) }
        let candidates = [named, root.deletingLastPathComponent().appending(path: "shared/samples")]
        return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0.path()) }
    }()

    private func base64(in name: String, from start: String, to end: String) throws -> [UInt8] {
        let folder = try #require(Self.folder)
        let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        let first = try #require(text.range(of: start))
        let last = try #require(text.range(of: end, range: first.upperBound..<text.endIndex))
        let body = text[first.upperBound..<last.lowerBound].filter { !$0.isWhitespace }
        return Array(try #require(Data(base64Encoded: body)))
    }

    @Test("a captured CMC request of Windows 11 is read, and proven by the key inside it", .enabled(if: folder != nil))
    func captured() throws {
        let der = try self.base64(
            in: "mde2/real-win11-26200-certreq-cmc-request.pem.txt",
            from: "-----BEGIN NEW CERTIFICATE REQUEST-----",
            to: "-----END"
        )
        let message = try SignedData(der: der)
        #expect(message.contentType == .pkiData)
        #expect(message.certificates.isEmpty)
        let request = try CertificationRequest(der: try PKIData(der: message.content).certificationRequest)
        #expect(request.providerName == "Microsoft RSA SChannel Cryptographic Provider")
        #expect(try request.renewalCertificate() == nil)
        let signer = try SignerInfo(der: try #require(message.signers.first))
        #expect(try signer.algorithm().scheme == .rsaWithSHA256)
        let attributes = try #require(signer.signedAttributes)
        #expect(attributes.contentType == .pkiData)
        #expect(attributes.messageDigest == (try Digest.sha256(message.content)))
        let key = try VerifyingKey(publicKeyInfo: request.publicKeyInfo.der)
        #expect(try key.verifies(signer.signature, over: attributes.signedOctets, with: .rsaPKCS1(.sha256)))
        #expect(try key.verifies(request.signature, over: request.info, with: .rsaPKCS1(.sha256)))
    }

    @Test("the published renewal of 2009 is read, and refused for the SHA-1 of its time", .enabled(if: folder != nil))
    func renewal() throws {
        let der = try self.base64(
            in: "mde2/spec-wstep-renewal-request.xml",
            from: "oasis-200401-wss-wssecurity-secext-1.0.xsd\">",
            to: "</BinarySecurityToken>"
        )
        let message = try SignedData(der: der)
        #expect(message.contentType == .data)
        #expect(message.certificates.count == 1)
        let signer = try SignerInfo(der: try #require(message.signers.first))
        #expect(signer.signedAttributes == nil)
        #expect(signer.isIdentified(by: try Certificate(der: try #require(message.certificates.first))))
        let weak = #expect(throws: X509Error.self) { try signer.algorithm() }
        #expect(weak?.description.contains("SHA-1") == true)
        let request = #expect(throws: X509Error.self) { try CertificationRequest(der: message.content) }
        #expect(request?.description == "signature algorithm 1.2.840.113549.1.1.5 is not accepted")
    }
}

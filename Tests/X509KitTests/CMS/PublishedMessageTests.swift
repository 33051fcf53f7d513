import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("Published signed requests", .enabled(if: PublishedSamples.folder != nil))
struct PublishedMessageTests {
    @Test("a captured CMC request of Windows 11 is read, and proven by the key inside it")
    func captured() throws {
        let der = try PublishedSamples.cmcRequest()
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

    @Test("the published renewal of 2009 is read, and refused for the SHA-1 of its time")
    func renewal() throws {
        let der = try PublishedSamples.renewalRequest()
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

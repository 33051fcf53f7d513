import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing

/// A device that renews: what it holds, the request for its next key, and the message that it signs.
struct RenewalScene: Sendable {
    var holder: ForgedIdentity
    let newKey: SigningKey
    var request: ForgedRequest
    var isCMC = false
    /// The certificates that come with the message, the holder's by default.
    var certificates: [DERElement]
    /// Changes to the holder's signer before it signs.
    var signer: Deviation<ForgedSigner>?

    init(_ type: KeyType = .ecdsaP256, newKey: KeyType = .ecdsaP256) throws {
        self.holder = try ForgedIdentity(type)
        self.newKey = try SigningKey.generate(newKey)
        self.request = ForgedRequest(for: self.newKey)
        self.request.attributes = .context(0, [ForgedSigner.renewalCertificate(self.holder.certificate)])
        self.certificates = [self.holder.certificate]
    }

    /// The request for the new key, or CMC around it.
    func content() throws -> [UInt8] {
        let request = try self.request.signed(by: self.newKey).der
        return self.isCMC ? ForgedSignedMessage.pkiData([request]).octets : request
    }

    var contentType: String { self.isCMC ? ForgedSignedMessage.pkiDataType : ForgedSignedMessage.dataType }

    /// The signer that the certificate stands for, over `content`.
    func signer(over content: [UInt8]) throws -> ForgedSigner {
        let signer = try ForgedSigner(self.holder, over: content, contentType: self.contentType)
        return self.signer?.applied(to: signer) ?? signer
    }

    func message() throws -> ForgedSignedMessage {
        let content = try self.content()
        return ForgedSignedMessage(
            content,
            contentType: self.contentType,
            certificates: self.certificates,
            signers: [try self.signer(over: content).signed()]
        )
    }

    /// What the inspector makes of the message.
    func renewal() throws -> SignedRenewal {
        try SignedRenewalInspector().inspect(try self.message().der)
    }

    /// The rule and code by which octets are refused.
    static func refusal(of octets: [UInt8]) -> Refusal {
        let error = #expect(throws: EnrollmentError.self) { try SignedRenewalInspector().inspect(octets) }
        return Refusal(code: error?.code, rule: error?.rule)
    }

    struct Refusal: Hashable {
        let code: EnrollmentError.Code?
        let rule: String?

        static func unfit(_ rule: String) -> Refusal { Refusal(code: .certificateRequest, rule: rule) }
        static func ineligible(_ rule: String) -> Refusal { Refusal(code: .notEligibleToRenew, rule: rule) }
    }
}

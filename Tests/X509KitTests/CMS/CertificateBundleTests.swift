import EnrollmentTestKit
import Foundation
import Testing
import X509Kit

@Suite("Bundle of certificates", .timeLimit(.minutes(25)))
struct CertificateBundleTests {
    private static func certificates(_ count: Int) throws -> [[UInt8]] {
        try (0..<count).map { try ForgedIdentity(serial: UInt8($0 + 1)).certificate.octets }
    }

    /// The octets in the PEM blocks of that label, in their order.
    private static func blocks(_ label: String, in text: String) -> [[UInt8]] {
        text.components(separatedBy: "-----BEGIN \(label)-----\n").dropFirst().map { rest in
            let body = rest.components(separatedBy: "-----END")[0]
            return Array(Data(base64Encoded: body, options: .ignoreUnknownCharacters) ?? Data())
        }
    }

    @Test("openssl pkcs7 and openssl cms read exactly the members that went in", arguments: [1, 2, 3, 7])
    func members(count: Int) async throws {
        let certificates = try Self.certificates(count)
        let bundle = try CertificateBundle.encoded(certificates)
        let read = try await OpenSSLJudge.judge(bundle, label: "PKCS7", by: ["pkcs7", "-print_certs"])
        #expect(read.status == 0, "\(read.output)")
        let found = Self.blocks("CERTIFICATE", in: read.output)
        #expect(found.count == count)
        #expect(Set(found) == Set(certificates))
        let shown = try await OpenSSLJudge.judge(
            bundle,
            label: "CMS",
            by: ["cms", "-cmsout", "-noout", "-print", "-inform", "PEM"]
        )
        #expect(shown.status == 0, "\(shown.output)")
        #expect(shown.output.contains("pkcs7-signedData"))
        #expect(shown.output.ranges(of: "d.certificate").count == count, "\(shown.output)")
        #expect(shown.output.contains("eContent: <ABSENT>"))
    }

    @Test("is DER: a writer that sorts sets writes the same octets, whatever the order they came in")
    func distinguished() async throws {
        let certificates = try Self.certificates(4)
        let bundle = try CertificateBundle.encoded(certificates)
        let written = try await OpenSSLJudge.judge(bundle, label: "PKCS7", by: ["pkcs7", "-outform", "PEM"])
        #expect(Self.blocks("PKCS7", in: written.output) == [bundle])
        #expect(try CertificateBundle.encoded(certificates.reversed()) == bundle)
        // A set has each member once.
        #expect(try CertificateBundle.encoded(certificates + certificates) == bundle)
    }

    @Test("takes certificates and nothing else")
    func refusal() throws {
        let certificate = try #require(try Self.certificates(1).first)
        for octets in [[], [0x30, 0], Array(certificate.dropLast()), certificate + [0]] {
            #expect(throws: X509Error.self) { try CertificateBundle.encoded([certificate, octets]) }
        }
    }

    @Test("of nobody is one that openssl reads, too")
    func empty() async throws {
        let bundle = try CertificateBundle.encoded([])
        let read = try await OpenSSLJudge.judge(bundle, label: "PKCS7", by: ["pkcs7", "-print_certs"])
        #expect(read.status == 0, "\(read.output)")
        #expect(Self.blocks("CERTIFICATE", in: read.output).isEmpty)
    }
}

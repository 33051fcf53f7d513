import Authority
import EnrollmentCore
import EnrollmentTestKit
import Foundation
import OpenSSLKit
import Testing

@Suite("Renewal requests made by the openssl command", .timeLimit(.minutes(25)))
struct ForeignRenewalTests {
    /// A folder with a self-signed certificate and its key, and a request that renews it.
    private final class Device {
        let folder: URL
        let certificate: [UInt8]
        let request: [UInt8]

        init(_ key: [String]) async throws {
            self.folder = FileManager.default.temporaryDirectory.appending(path: "renewal-" + UUID().uuidString)
            try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
            let path = self.folder.path()
            try await CommandLineAuthority.openssl(
                ["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=device", "-newkey"] + key
                    + ["-keyout", path + "/key", "-out", path + "/certificate"]
            )
            try await CommandLineAuthority.openssl(
                ["x509", "-in", path + "/certificate", "-outform", "DER", "-out", path + "/certificate.der"]
            )
            self.certificate = Array(try Data(contentsOf: self.folder.appending(path: "certificate.der")))
            let newKey = try SigningKey.generate(.ecdsaP256)
            var forged = ForgedRequest(for: newKey)
            forged.attributes = .context(0, [ForgedSigner.renewalCertificate(DERElement(self.certificate))])
            self.request = try forged.signed(by: newKey).der
        }

        deinit {
            // A folder left behind hurts nobody, and there is no one here to tell.
            try? FileManager.default.removeItem(at: self.folder)
        }

        /// The command's message around `content`, or what it said instead of making one.
        func sign(_ content: [UInt8], by arguments: [String]) async throws -> [UInt8] {
            let path = self.folder.path()
            try Data(content).write(to: self.folder.appending(path: "content"))
            try await CommandLineAuthority.openssl(
                arguments + ["-sign", "-binary", "-nodetach", "-outform", "DER", "-in", path + "/content"]
                    + ["-signer", path + "/certificate", "-inkey", path + "/key", "-out", path + "/message"]
            )
            return Array(try Data(contentsOf: self.folder.appending(path: "message")))
        }
    }

    @Test(
        "they are believed in every form that the command offers",
        arguments: [
            ["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
        ]
    )
    func forms(_ key: [String]) async throws {
        let device = try await Device(key)
        let cmc = ForgedSignedMessage.pkiData([device.request]).octets
        for (content, arguments) in [
            (device.request, ["cms", "-md", "sha256"]), (device.request, ["cms", "-md", "sha384"]),
            (device.request, ["cms", "-md", "sha512"]), (device.request, ["cms", "-md", "sha256", "-keyid"]),
            (device.request, ["cms", "-md", "sha256", "-noattr"]), (device.request, ["smime", "-md", "sha256"]),
            (device.request, ["smime", "-md", "sha384", "-noattr"]),
            (cmc, ["cms", "-md", "sha256", "-econtent_type", ForgedSignedMessage.pkiDataType]),
        ] {
            let message = try await device.sign(content, by: arguments)
            let renewal = try SignedRenewalInspector().inspect(message)
            #expect(renewal.certificate == device.certificate, "\(arguments)")
            #expect(renewal.request.algorithm == .ecdsaP256)
        }
    }

    @Test("one made with SHA-1, without its certificate, or about another request is refused")
    func refusals() async throws {
        let device = try await Device(["rsa:2048"])
        let weak = try await device.sign(device.request, by: ["cms", "-md", "sha1"])
        #expect(RenewalScene.refusal(of: weak) == .unfit("renewal.algorithm"))
        let bare = try await device.sign(device.request, by: ["cms", "-md", "sha256", "-nocerts"])
        #expect(RenewalScene.refusal(of: bare) == .ineligible("renewal.signer-certificate"))
        let streamed = try await device.sign(device.request, by: ["cms", "-md", "sha256", "-stream"])
        #expect(RenewalScene.refusal(of: streamed) == .unfit("renewal.message"))
        let other = try await Device(["rsa:2048"])
        let foreign = try await device.sign(other.request, by: ["cms", "-md", "sha256"])
        #expect(RenewalScene.refusal(of: foreign) == .ineligible("renewal.signer-certificate"))
    }

    @Test(
        "published requests are refused by what they lack, not as unreadable",
        .enabled(if: PublishedSamples.folder != nil)
    )
    func published() throws {
        #expect(RenewalScene.refusal(of: try PublishedSamples.renewalRequest()) == .unfit("renewal.algorithm"))
        // A request for a first certificate: its only signer is the new key.
        let first = try PublishedSamples.cmcRequest()
        #expect(RenewalScene.refusal(of: first) == .ineligible("renewal.signer-certificate"))
    }

    @Test("the command verifies what the tests forge, so both mean the same by it")
    func verified() async throws {
        for type in [KeyType.ecdsaP256, .rsa(bits: 2_048)] {
            let scene = try RenewalScene(type)
            let body = Data(try scene.message().der).base64EncodedString(options: .lineLength64Characters)
            let outcome = try await ExternalCommand.run(
                "openssl",
                ["cms", "-verify", "-noverify", "-inform", "PEM", "-binary", "-out", "/dev/null"],
                input: "-----BEGIN CMS-----\n\(body)\n-----END CMS-----\n"
            )
            #expect(outcome.status == 0, "\(outcome.output)")
        }
    }
}

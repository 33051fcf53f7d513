import EnrollmentCore
import Foundation
import Testing

@testable import EnrollmentWire

/// Published messages and schemas, where a copy stands beside the checkout or `GATEHOUSE_SAMPLES` names one.
@Suite("Published samples")
struct PublishedSampleTests {
    static let folder: URL? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["GATEHOUSE_SAMPLES"].map { URL(filePath: $0) }
        let candidates = [named, root.deletingLastPathComponent().appending(path: "shared/samples")]
        return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0.path()) }
    }()

    private func sample(_ name: String) throws -> String {
        let folder = try #require(Self.folder)
        return try String(contentsOf: folder.appending(path: "mde2/\(name)"), encoding: .utf8)
    }

    @Test(
        "every on-premise sample gets the answer the protocol asks for",
        .enabled(if: Self.folder != nil),
        arguments: [
            ("real-win11-22621-discover-request.xml", "discovery", "response"),
            ("spec-mde2-discover-request-onpremise.xml", "discovery", "response"),
            ("itpro-onpremise-discover-request.xml", "discovery", "response"),
            ("spec-mde2-getpolicies-request-onpremise.xml", "policy", "response"),
            ("itpro-onpremise-getpolicies-request.xml", "policy", "response"),
            // They hold words in place of the certificate request.
            ("spec-mde2-rst-request-onpremise.xml", "enrollment", "s:CertificateRequest"),
            ("itpro-onpremise-rst-request.xml", "enrollment", "s:CertificateRequest"),
            // Recognised, and not enabled here.
            ("spec-mde2-discover-request-federated.xml", "discovery", "s:Authorization NotSupported"),
            ("spec-mde2-getpolicies-request-federated.xml", "policy", "s:Authorization NotSupported"),
            ("spec-mde2-getpolicies-request-certificate.xml", "policy", "s:Authorization NotSupported"),
            // It leaves out who the device is.
            ("itpro-renewal-request.xml", "renewal", "s:MessageFormat"),
            // A renewal of another protocol, for domain members: no device token, no device.
            ("spec-wstep-renewal-request.xml", "renewal", "s:MessageFormat"),
        ]
    )
    func answers(_ name: String, _ operation: String, _ expected: String) async throws {
        let response = await Journal().answer(Array(try self.sample(name).utf8), to: operation)
        #expect(try Answer(response.octets).outcome == expected)
    }

    @Test(
        "the published renewal is one without a password, once a device and a signed request stand in it",
        .enabled(if: Self.folder != nil)
    )
    func renews() async throws {
        let journal = Journal()
        func item(_ name: String, _ value: String) -> String {
            "<ContextItem Name=\"\(name)\"><Value>\(value)</Value></ContextItem>"
        }
        let text = try self.sample("itpro-renewal-request.xml")
            .replacing("BinarySecurityTokenInsertedHere", with: "MIIBAA==")
            .replacing(
                "<ContextItem Name=\"DeviceType\">",
                with: item("DeviceID", "7BA748C8-703E-4DF2-A74A-92984117346A") + item("EnrollmentType", "Full")
                    + "<ContextItem Name=\"DeviceType\">"
            )
        let response = await journal.answer(Array(text.utf8), to: "renewal")
        #expect(response.status == 200)
        #expect(journal.renewals.first?.signedRequest == [0x30, 0x82, 0x01, 0x00])
        #expect(journal.renewals.first?.credential == nil)
        #expect(response.attempt?.claimedName == "user@contoso.com")
    }

    @Test(
        "the published requests enroll once a certificate request stands where they hold words",
        .enabled(if: Self.folder != nil),
        arguments: ["spec-mde2-rst-request-onpremise.xml", "itpro-onpremise-rst-request.xml"]
    )
    func enrolls(_ name: String) async throws {
        let journal = Journal()
        let text = try self.sample(name).replacing(
            "DER format PKCS#10 certificate request in Base64 encoding Insterted Here",
            with: "cGtjczEw"
        )
        let response = await journal.answer(Array(text.utf8), to: "enrollment")
        #expect(response.status == 200)
        #expect(journal.credentials == [["user@contoso.com", "mypassword"]])
        #expect(journal.requests.first?.claims.deviceID == "7BA748C8-703E-4DF2-A74A-92984117346A")
    }
}

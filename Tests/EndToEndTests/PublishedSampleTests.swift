import Foundation
import Testing

/// Published messages, where a copy stands beside the checkout or `GATEHOUSE_SAMPLES` names one.
@Suite("Published samples, sent to the running server", .timeLimit(.minutes(25)))
struct PublishedSampleTests {
    private static let folder: URL? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["GATEHOUSE_SAMPLES"].map { URL(filePath: $0) }
        let candidates = [named, root.deletingLastPathComponent().appending(path: "shared/samples")]
        return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0.path()) }
    }()

    /// What a sample is answered: an element that has to be there, or a fault.
    private static let samples: [(name: String, endpoint: Exchange.Endpoint, answer: String?, fault: String?)] = [
        ("real-win11-22621-discover-request.xml", .discovery, "DiscoverResponse", nil),
        ("spec-mde2-discover-request-onpremise.xml", .discovery, "DiscoverResponse", nil),
        ("itpro-onpremise-discover-request.xml", .discovery, "DiscoverResponse", nil),
        ("spec-mde2-getpolicies-request-onpremise.xml", .policy, "GetPoliciesResponse", nil),
        ("itpro-onpremise-getpolicies-request.xml", .policy, "GetPoliciesResponse", nil),
        ("spec-mde2-rst-request-onpremise.xml", .enrollment, "RequestSecurityTokenResponseCollection", nil),
        ("itpro-onpremise-rst-request.xml", .enrollment, "RequestSecurityTokenResponseCollection", nil),
        // Recognised, and not enabled here.
        ("spec-mde2-discover-request-federated.xml", .discovery, nil, "Authorization NotSupported"),
        ("spec-mde2-getpolicies-request-federated.xml", .policy, nil, "Authorization NotSupported"),
        ("spec-mde2-getpolicies-request-certificate.xml", .policy, nil, "Authorization NotSupported"),
        ("itpro-renewal-request.xml", .enrollment, nil, "MessageFormat"),
    ]

    @Test("each gets the answer that the protocol asks for", .enabled(if: Self.folder != nil))
    func answers() async throws {
        let folder = try #require(Self.folder).appending(path: "mde2")
        try await RunningGatehouse.serve { gatehouse in
            let exchange = try Exchange(gatehouse)
            for sample in Self.samples {
                let published = try String(contentsOf: folder.appending(path: sample.name), encoding: .utf8)
                // Its people are not in our directory, and words stand where the certificate request belongs.
                let message = published.replacing("user@contoso.com", with: "kim@corp.example")
                    .replacing("mypassword", with: Person.password(of: "kim"))
                    .replacing(
                        "DER format PKCS#10 certificate request in Base64 encoding Insterted Here",
                        with: try await TextbookRequest.make()
                    )
                let reply = try await exchange.post(message, to: sample.endpoint)
                if let answer = sample.answer {
                    #expect(reply.status == 200 && reply.fault == nil, "\(sample.name): \(reply)")
                    #expect(reply.body.contains("\(answer)"), "\(sample.name): \(reply)")
                } else {
                    #expect(reply.fault == sample.fault, "\(sample.name): \(reply)")
                    #expect(reply.trace != nil)
                }
            }
            // Both requests are of one device, which takes over its own slot.
            #expect(try await gatehouse.place.devices().map(\.generation) == [2])
        }
    }
}

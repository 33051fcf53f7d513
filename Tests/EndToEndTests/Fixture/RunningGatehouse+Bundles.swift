import EnrollmentTestKit
import Foundation
import Testing

extension RunningGatehouse {
    /// What is served of an issuer as a bundle of certificates, as PEM; empty where there is none.
    func bundle(of id: String) async throws -> String {
        let page = try await self.get("/pki/issuer/\(id).p7c")
        guard page.status == 200 else { return "" }
        let file = self.place.folder.appending(path: "bundle-\(UUID().uuidString).p7c")
        try Data(page.body).write(to: file)
        let outcome = try await ExternalCommand.run(
            "openssl",
            ["pkcs7", "-inform", "DER", "-in", file.path, "-print_certs"]
        )
        try #require(outcome.status == 0, "\(outcome.output)")
        return outcome.output
    }
}

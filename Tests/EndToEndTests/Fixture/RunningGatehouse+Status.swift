import CurlKit
import Dispatch
import EnrollmentTestKit
import Foundation

/// What a server says of its readiness.
struct Readiness: Sendable {
    let isReady: Bool
    /// Everything that it says against itself, for a person.
    let reasons: String
}

extension RunningGatehouse {
    /// Asks the admin listener, which the place has to have.
    func readiness() async throws -> Readiness {
        let page = try await self.askStatus("/readyz")
        let text = String(decoding: page.body, as: UTF8.self)
        return Readiness(isReady: page.status == 200, reasons: text)
    }

    /// The samples of a family of figures, by their labels as they are written.
    func figures(_ family: String) async throws -> [String: Double] {
        let page = try await self.askStatus("/metrics")
        var samples: [String: Double] = [:]
        for line in String(decoding: page.body, as: UTF8.self).split(separator: "\n") where line.hasPrefix(family) {
            let parts = line.dropFirst(family.count).split(separator: " ")
            guard line.dropFirst(family.count).first != "_", let value = parts.last.flatMap({ Double($0) }) else {
                continue
            }
            samples[parts.count > 1 ? String(parts[0]) : ""] = value
        }
        return samples
    }

    private func askStatus(_ path: String) async throws -> Page {
        let place = self.place
        var options = CurlOptions()
        options.resolve = ["\(Place.host):\(place.seat.adminPort):\(place.seat.address)"]
        options.trustedAuthorities = Array(try Data(contentsOf: place.rootFile))
        let request = CurlRequest.get("https://\(Place.host):\(place.seat.adminPort)\(path)")
        return try await withCheckedThrowingContinuation { [options] continuation in
            DispatchQueue(label: "gatehouse.status").async {
                continuation.resume(
                    with: Result {
                        let answer = try CurlSession(options).perform(request)
                        return Page(status: answer.status, headers: answer.headers, body: answer.body)
                    }
                )
            }
        }
    }

    /// The certificate that the device listener shows now, DER; what time it is does not matter.
    func listenerCertificate() async throws -> [UInt8] {
        let outcome = try await ExternalCommand.run(
            "openssl",
            ["s_client", "-connect", "\(self.place.seat.address):\(self.place.port)", "-servername", Place.host]
        )
        guard let begin = outcome.output.firstRange(of: "-----BEGIN CERTIFICATE-----"),
            let end = outcome.output.firstRange(of: "-----END CERTIFICATE-----"),
            let data = Data(
                base64Encoded: outcome.output[begin.upperBound..<end.lowerBound].filter { !$0.isNewline }
            )
        else { throw Place.Failure(description: "no certificate shown: \(outcome.output)") }
        return Array(data)
    }
}

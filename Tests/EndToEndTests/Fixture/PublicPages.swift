import CurlKit
import Dispatch
import Foundation

/// One answer of the plain listener.
struct Page: Sendable {
    let status: Int
    let headers: [CurlHeader]
    let body: [UInt8]

    /// The only line of that name; `nil` without one or with more.
    subscript(_ name: String) -> String? {
        let values = self.headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        return values.count == 1 ? values[0] : nil
    }
}

extension RunningGatehouse {
    /// Asks the plain listener; `place` is a path, or a whole address as a certificate names it.
    func get(_ place: String, _ headers: [CurlHeader] = []) async throws -> Page {
        try await self.ask(.get(self.address(place), headers: headers))
    }

    func post(_ body: [UInt8], to place: String, type: String) async throws -> Page {
        try await self.ask(.post(self.address(place), headers: [CurlHeader("Content-Type", type)], body: body))
    }

    private func address(_ place: String) -> String {
        place.hasPrefix("/") ? self.place.plainURL + place : place
    }

    private func ask(_ request: CurlRequest) async throws -> Page {
        let resolve = [self.place.plainResolution]
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "gatehouse.page").async {
                continuation.resume(
                    with: Result {
                        var options = CurlOptions()
                        options.resolve = resolve
                        options.maximumResponseSize = 64 << 20
                        let answer = try CurlSession(options).perform(request)
                        return Page(status: answer.status, headers: answer.headers, body: answer.body)
                    }
                )
            }
        }
    }
}

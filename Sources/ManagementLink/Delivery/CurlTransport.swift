internal import CurlKit

/// Sends messages over HTTPS connections that stay open.
package final class CurlTransport: MessageTransport {
    /// Nobody looks at more of an answer than its head.
    private static let largestAnswer = 16 << 10

    private let session: CurlMulti
    private let url: String

    /// - Throws: ``TransportFailure`` when the connection's settings cannot be used.
    package init(_ connection: DestinationConnection) throws(TransportFailure) {
        self.url = connection.url
        do throws(CurlError) {
            let options = connection.options(largestAnswer: Self.largestAnswer)
            self.session = try CurlMulti(options, limits: connection.limits)
        } catch {
            throw .unanswered(Self.sentence(error))
        }
    }

    package func send(_ message: WebhookMessage) async throws(TransportFailure) -> TransportAnswer {
        let headers = message.headers.map { CurlHeader($0.name, $0.value) } + [CurlHeader("User-Agent", "Gatehouse")]
        do throws(CurlError) {
            let answer = try await self.session.perform(.post(self.url, headers: headers, body: message.body))
            return TransportAnswer(status: answer.status, retryAfter: answer.values(of: "Retry-After").first)
        } catch {
            if error.kind == .cancelled { throw .cancelled }
            throw .unanswered(Self.sentence(error))
        }
    }

    /// What happened, and what to do where somebody can.
    static func sentence(_ error: CurlError) -> String {
        switch error.kind {
        case .unusableAddress: "its address cannot be used: \(error.message)"
        case .cannotResolve: "its name has no address: \(error.message)"
        case .cannotConnect: "nothing answers there: \(error.message)"
        case .timedOut: "no answer in time: \(error.message)"
        case .untrustedServer: "its certificate is not trusted: \(error.message); name its authority in ca"
        case .tlsFailed: "no TLS with it: \(error.message)"
        case .unusableCredential: "ca or clientCertificate cannot be used: \(error.message)"
        case .brokenAnswer: "it closed the connection, or did not speak HTTP: \(error.message)"
        case .forbiddenAddress: "\(error.message); name it in allowedAddresses if it is meant"
        case .tooLarge, .cancelled, .other: error.message
        }
    }
}

package import CurlKit

/// Carries questions over HTTPS, many at once over connections that stay open.
package struct CurlHookTransport: HookTransport {
    private let url: String
    private let client: CurlMulti

    /// - Parameters:
    ///   - url: Where questions go.
    ///   - options: How to connect; what an answer may hold at most is set here.
    ///   - questions: At most so many at once; further ones wait, within their time limit.
    /// - Throws: `CurlError` when an option is not one that libcurl takes.
    package init(url: String, options: CurlOptions, questions: Int = 64) throws(CurlError) {
        var options = options
        options.maximumResponseSize = AuthoriseAnswer.largestBody
        options.cutsLargeResponses = false
        self.url = url
        self.client = try CurlMulti(options, limits: CurlMulti.Limits(total: questions, perHost: questions))
    }

    package func send(_ message: WebhookMessage) async throws(HookFailure) -> (status: Int, body: [UInt8]) {
        do throws(CurlError) {
            let response = try await self.client.perform(
                .post(
                    self.url,
                    headers: message.headers.map { CurlHeader($0.name, $0.value) },
                    body: message.body
                )
            )
            return (response.status, response.body)
        } catch {
            throw HookFailure("\(error)")
        }
    }
}

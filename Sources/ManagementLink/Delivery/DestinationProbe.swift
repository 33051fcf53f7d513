package import CurlKit
package import EnrollmentCore

/// One message sent at once and once, to see what comes back.
package struct DestinationProbe: Sendable {
    /// The message's own id.
    package let id: DeviceID
    package let connection: DestinationConnection
    private let message: WebhookMessage

    package init(id: DeviceID, message: WebhookMessage, over connection: DestinationConnection) {
        self.id = id
        self.message = message
        self.connection = connection
    }

    /// - Returns: The answer, of which no more than 64 KiB are read, or why there is none.
    package func send() async -> Result<CurlResponse, CurlError> {
        do throws(CurlError) {
            let client = try CurlMulti(self.connection.options(largestAnswer: 64 << 10))
            return .success(
                try await client.perform(
                    .post(
                        self.connection.url,
                        headers: self.message.headers.map { CurlHeader($0.name, $0.value) },
                        body: self.message.body
                    )
                )
            )
        } catch {
            return .failure(error)
        }
    }
}

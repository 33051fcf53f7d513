internal import CurlKit

extension CurlHookTransport {
    /// Connects as a configuration says.
    ///
    /// - Throws: ``TransportFailure`` when the connection's settings cannot be used.
    package init(_ connection: DestinationConnection) throws(TransportFailure) {
        do throws(CurlError) {
            let options = connection.options(largestAnswer: AuthoriseAnswer.largestBody)
            try self.init(url: connection.url, options: options, questions: connection.concurrency)
        } catch {
            throw .unanswered(CurlTransport.sentence(error))
        }
    }
}

internal import Logging
internal import NIOCore

/// A request on its way to an asynchronous handler, and the connection that waits for the answer.
struct PendingRequest: Sendable {
    let request: HTTPRequest
    let logger: Logger
    let handler: @Sendable (HTTPRequest, Logger) async -> HTTPResponse
    let share: BodyShare?
    let connection: NIOLoopBound<HTTPConnection>
    let eventLoop: any EventLoop

    func answer() async {
        let response = await self.handler(self.request, self.logger)
        self.eventLoop.execute { self.connection.value.answer(response) }
    }
}

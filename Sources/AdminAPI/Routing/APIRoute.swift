package import EnrollmentCore
package import ServiceRuntime

/// One operation of the admin interface: where it is, who may use it, and what it does.
package struct APIRoute: Sendable {
    /// How an answer comes about.
    package enum Answer: Sendable {
        /// In microseconds, without waiting: fit for an event loop.
        case atOnce(@Sendable (APICall) throws(Problem) -> APIResponse)
        /// The first closure where it has an answer at hand, else the second.
        case eitherWay(
            atOnce: @Sendable (APICall) throws(Problem) -> APIResponse?,
            later: @Sendable (APICall) async throws(Problem) -> APIResponse
        )
        case later(@Sendable (APICall) async throws(Problem) -> APIResponse)
        /// Another part of the listener answers; it is in the table so that the table is all there is.
        case elsewhere
    }

    /// As sent: `GET`, which brings HEAD along.
    package let method: String
    package let path: PathTemplate
    package let access: RouteAccess
    /// Names it in the OpenAPI document.
    package let operationID: String
    /// The names of its query parameters; `nil` for whatever the caller's own caller sent.
    package let parameters: [String]?
    /// Whether it takes a JSON object as its body.
    package let takesBody: Bool
    package let answer: Answer

    package init(
        _ method: String,
        _ path: String,
        _ access: RouteAccess,
        _ operationID: String,
        parameters: [String]? = [],
        takesBody: Bool = false,
        answer: Answer
    ) {
        self.method = method
        self.path = PathTemplate(path)
        self.access = access
        self.operationID = operationID
        self.parameters = parameters
        self.takesBody = takesBody
        self.answer = answer
    }
}

/// A request at its route, by a caller who may make it.
package struct APICall: Sendable {
    package let request: APIRequest
    /// `nil` where anybody may call, and for a verifier that is known by its address.
    package let caller: Caller?
    /// What stands for the variables of the path, in order.
    package let variables: [String]
    package let query: QueryString
    /// Raised when nobody waits for the answer any more: the client has gone, or the service stops.
    package let ending: ShutdownSignal?

    package var now: Timestamp { self.request.now }

    /// What stands for the first variable.
    var name: String { self.variables.first ?? "" }
}

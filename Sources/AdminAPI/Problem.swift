package import EnrollmentCore

/// Why a request was not done, in the form of RFC 9457.
package struct Problem: Error, Sendable {
    /// What went wrong, by a name that stays: `urn:gatehouse:problem:` and the raw value.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case badRequest = "bad-request"
        case unauthenticated
        case forbidden
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        case conflict
        case cursorGone = "cursor-gone"
        case tooLarge = "too-large"
        case unsupportedType = "unsupported-type"
        case tooManyFailures = "too-many-failures"
        case tooManyWaiters = "too-many-waiters"
        case internalError = "internal"
        case unavailable

        package var status: Int {
            switch self {
            case .badRequest: 400
            case .unauthenticated: 401
            case .forbidden: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .conflict: 409
            case .cursorGone: 410
            case .tooLarge: 413
            case .unsupportedType: 415
            case .tooManyFailures, .tooManyWaiters: 429
            case .internalError: 500
            case .unavailable: 503
            }
        }

        package var title: String {
            switch self {
            case .badRequest: "The request is not well formed"
            case .unauthenticated: "No valid credential"
            case .forbidden: "Not allowed"
            case .notFound: "Not found"
            case .methodNotAllowed: "Method not allowed"
            case .conflict: "Not possible in this state"
            case .cursorGone: "The feed does not go on from this cursor"
            case .tooLarge: "The request is too large"
            case .unsupportedType: "The body is of another type"
            case .tooManyFailures: "Too many failed authentications"
            case .tooManyWaiters: "Too many requests are waiting"
            case .internalError: "Something went wrong here"
            case .unavailable: "Not available now"
            }
        }

        package var type: String { "urn:gatehouse:problem:\(self.rawValue)" }
    }

    package let kind: Kind
    /// A sentence for whoever reads the caller's log; holds no secret.
    package let detail: String
    /// Members beside those of the standard, in order.
    package let members: [(name: String, value: String)]
    package let headers: [(name: String, value: String)]
    package let cause: EnrollmentError?

    package init(
        _ kind: Kind,
        _ detail: String,
        members: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [],
        cause: EnrollmentError? = nil
    ) {
        self.kind = kind
        self.detail = detail
        self.members = members
        self.headers = headers
        self.cause = cause
    }

    /// What a port refused; the operator's sentence stays in the log.
    package init(_ error: EnrollmentError) {
        switch (error.code, error.rule) {
        case (_, "query.after"):
            self.init(.badRequest, "after is no cursor that this list gave.")
        case (.inMaintenance, _):
            self.init(
                .unavailable,
                "The store does not answer, or does not take records now. Try again.",
                headers: [("Retry-After", "5")],
                cause: error
            )
        default:
            self.init(.internalError, "The log tells what happened, under this request's id.", cause: error)
        }
    }

    /// The answer that tells it; the id names the request in the log.
    func response(to requestID: String) -> APIResponse {
        var json = JSONText()
        json.object { json in
            json.member("type", self.kind.type)
            json.member("title", self.kind.title)
            json.member("status", self.kind.status)
            json.member("detail", self.detail)
            for (name, value) in self.members { json.member(name, value) }
            json.member("request", requestID)
        }
        var response = APIResponse(
            status: self.kind.status,
            headers: [("Content-Type", "application/problem+json")] + self.headers,
            body: json.octets
        )
        response.cause = self.cause
        return response
    }
}

/// Asks a port, and turns what it refused into a problem.
func ask<Value>(_ body: () async throws(EnrollmentError) -> Value) async throws(Problem) -> Value {
    do throws(EnrollmentError) {
        return try await body()
    } catch {
        throw Problem(error)
    }
}

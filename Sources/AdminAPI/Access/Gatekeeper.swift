internal import EnrollmentCore

/// Says who makes a request, from memory alone.
package struct Gatekeeper: Sendable {
    private let tokens: TokenTable
    private let failures: FailureLimit
    private let clients: [[UInt8]: PinnedClient]

    /// - Parameters:
    ///   - tokens: Who may call with a token.
    ///   - clients: Who may call with a certificate.
    ///   - failures: Counts those who may not.
    package init(tokens: TokenTable, clients: [PinnedClient], failures: FailureLimit) {
        self.tokens = tokens
        self.failures = failures
        self.clients = Dictionary(clients.map { ($0.thumbprint, $0) }) { first, _ in first }
    }

    /// - Returns: The caller; `nil` where none is needed.
    /// - Throws: ``Problem`` 401 without a valid credential, 403 without the scope, 429 after too many failures.
    func admit(_ request: APIRequest, to access: RouteAccess) throws(Problem) -> Caller? {
        guard let scope = access.scope else { return nil }
        if case .verifier = access, request.facts.isVerifier { return nil }
        guard let caller = try self.caller(of: request) else { throw Self.unauthenticated }
        guard caller.scopes.contains(scope) else {
            throw Problem(.forbidden, "This takes the scope \(scope.rawValue), which the credential does not have.")
        }
        return caller
    }

    /// A token counts before a certificate: who sends one means it.
    private func caller(of request: APIRequest) throws(Problem) -> Caller? {
        let fields = request.facts.values(of: "Authorization")
        if fields.isEmpty { return try self.client(request) }
        guard fields.count == 1 else { throw Problem(.badRequest, "There is more than one Authorization field.") }
        guard let token = Self.token(in: fields[0]) else { throw self.failure(request) }
        do throws(EnrollmentError) {
            if let caller = try self.tokens.caller(of: token, at: request.now) { return caller }
        } catch {
            throw Problem(error)
        }
        throw self.failure(request)
    }

    /// `Bearer` in any case, one blank, the token (RFC 6750 § 2.1).
    private static func token(in field: String) -> TokenSecret? {
        let scheme = "bearer "
        guard field.utf8.count > scheme.utf8.count,
            zip(field.utf8, scheme.utf8).allSatisfy({ $0 | 0x20 == $1 | 0x20 })
        else { return nil }
        return TokenSecret(String(field.dropFirst(scheme.count)))
    }

    private func client(_ request: APIRequest) throws(Problem) -> Caller? {
        guard !self.clients.isEmpty, let certificate = request.facts.certificate else { return nil }
        let client: PinnedClient?
        do throws(EnrollmentError) {
            client = self.clients[try Fingerprint.sha256(certificate)]
        } catch {
            throw Problem(error)
        }
        guard let client, client.isValid(at: request.now) else { throw self.failure(request) }
        return Caller(name: "client \(client.name)", tokenID: nil, scopes: client.scopes)
    }

    private func failure(_ request: APIRequest) -> Problem {
        guard let wait = self.failures.failed(request.sourceAddress, at: request.now) else {
            return Self.unauthenticated
        }
        return Problem(
            .tooManyFailures,
            "Credentials from this address were not valid too often.",
            headers: [("Retry-After", "\(wait)")]
        )
    }

    /// The same for every reason.
    private static let unauthenticated = Problem(
        .unauthenticated,
        "This takes a valid token in Authorization: Bearer, or a client certificate that is known here.",
        headers: [("WWW-Authenticate", "Bearer realm=\"gatehouse\"")]
    )
}

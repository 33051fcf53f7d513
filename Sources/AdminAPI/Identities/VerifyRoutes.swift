internal import EnrollmentCore

/// What proxies ask before they let a request pass: nginx (`auth_request`), HAProxy, Envoy (`ext_authz`).
///
/// 200 for a current certificate, 403 for any other, 401 without one; what is known is in header fields, since such
/// proxies do not read bodies. Anything else, a 503 for instance, they take for a refusal as well.
struct VerifyRoutes: Sendable {
    /// Envoy repeats its client's method.
    private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    let cache: IdentityCache

    var routes: [APIRoute] {
        // Envoy puts its client's path behind ours.
        [("/verify", ""), ("/verify/*", "Below")].flatMap { path, suffix in
            Self.methods.map { method in
                APIRoute(
                    method,
                    path,
                    .verifier(.readIdentities),
                    "verify\(suffix)\(method == "GET" ? "" : method.prefix(1) + method.dropFirst().lowercased())",
                    parameters: nil,
                    answer: .eitherWay(atOnce: self.kept, later: self.lookUp)
                )
            }
        }
    }

    @Sendable private func kept(_ call: APICall) throws(Problem) -> APIResponse? {
        let thumbprint: Thumbprint
        switch try Self.shown(call) {
        case .success(let shown): thumbprint = shown
        case .failure(let refusal): return refusal.response
        }
        return self.cache.kept(thumbprint, at: call.now).map { Self.response($0, at: call.now) }
    }

    @Sendable private func lookUp(_ call: APICall) async throws(Problem) -> APIResponse {
        let thumbprint: Thumbprint
        switch try Self.shown(call) {
        case .success(let shown): thumbprint = shown
        case .failure(let refusal): return refusal.response
        }
        let answer = try await ask { () throws(EnrollmentError) in try await self.cache.look(up: thumbprint) }
        return Self.response(answer, at: call.now)
    }

    private struct Refusal: Error {
        let response: APIResponse
    }

    private static func shown(_ call: APICall) throws(Problem) -> Result<Thumbprint, Refusal> {
        switch call.request.facts.vouching {
        case .shown(let der):
            do throws(EnrollmentError) {
                guard let thumbprint = Thumbprint(try Fingerprint.sha256(der)) else { return .failure(self.unusable) }
                return .success(thumbprint)
            } catch {
                throw Problem(error)
            }
        case .none:
            return .failure(
                Refusal(
                    response: APIResponse(
                        status: 401,
                        headers: [("WWW-Authenticate", "Certificate realm=\"gatehouse\"")]
                    )
                )
            )
        case .unusable: return .failure(self.unusable)
        }
    }

    private static let unusable = Refusal(
        response: APIResponse(status: 403, headers: [("Gatehouse-Identity", IdentityVerdict.unknown.rawValue)])
    )

    private static func response(_ answer: IdentityAnswer, at now: Timestamp) -> APIResponse {
        let verdict = answer.verdict(at: now)
        var headers = [(name: "Gatehouse-Identity", value: verdict.rawValue)]
        if case .known(let identity) = answer {
            headers += [
                ("Gatehouse-Device", identity.device), ("Gatehouse-User", identity.user),
                ("Gatehouse-Serial", identity.serialNumber),
            ]
        }
        return APIResponse(status: verdict == .current ? 200 : 403, headers: headers)
    }
}

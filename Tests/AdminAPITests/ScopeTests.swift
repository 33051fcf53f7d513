import AdminAPI
import EnrollmentCore
import EnrollmentTestKit
import Testing

/// Walks every route with every scope.
@Suite("Scopes and routes")
struct ScopeTests {
    /// A request that the route understands, if it lets the caller in.
    private static func request(_ route: APIRoute, _ rig: Rig, _ authorization: String?) -> APIRequest {
        let digest = String(repeating: "ab", count: 32)
        let path = route.path.text.replacing("{sha256}", with: digest)
            .replacing("{id}", with: "6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1").replacing("{name}", with: "mdm")
            .replacing("/*", with: "/somewhere/else")
        var facts = Rig.Facts()
        if let authorization { facts.fields["Authorization"] = [authorization] }
        if route.takesBody { facts.fields["Content-Type"] = ["application/json"] }
        return rig.request(
            route.method,
            path,
            body: route.takesBody ? #"{"reason": "a test", "from": "2026-11-18T09:12:44Z"}"# : "",
            facts: facts
        )
    }

    private static func answered(_ route: APIRoute) -> Bool {
        if case .elsewhere = route.answer { false } else { true }
    }

    @Test("every route lets in its own scope, and no other one", arguments: APIScope.allCases)
    func walk(scope: APIScope) async throws {
        let rig = try await Rig()
        for route in rig.interface.table.routes where Self.answered(route) {
            let answer = await rig.answer(Self.request(route, rig, rig.bearer(scope)))
            // A proxy's question without a certificate is a 401 of its own, which names no realm of tokens.
            let isLetIn = answer.problem != "forbidden" && answer.problem != "unauthenticated"
            #expect(isLetIn == (route.access.scope == nil || route.access.scope == scope), "\(route.operationID)")
            #expect(isLetIn || answer.status == 403, "\(route.operationID): \(answer.status)")
            #expect(answer.status < 500, "\(route.operationID): \(answer.text)")
            #expect(answer["Cache-Control"] == "no-store")
        }
    }

    @Test("without a credential, and with one that is none, everything but open routes is 401 and says how to come in")
    func strangers() async throws {
        let rig = try await Rig(failures: FailureLimit(failures: 10_000))
        let (unknown, _) = try Sample.token(200, scopes: [])
        let wrong = [nil, "Bearer \(unknown.text.reveal())", "Bearer x", "Basic a2ltOmtpbQ==", "Bearer"]
        var bodies: Set<String> = []
        for route in rig.interface.table.routes where Self.answered(route) {
            for authorization in wrong {
                let answer = await rig.answer(Self.request(route, rig, authorization))
                guard route.access != .open else {
                    #expect(answer.status == 200)
                    continue
                }
                #expect(answer.status == 401, "\(route.operationID) \(authorization ?? "none")")
                #expect(answer["WWW-Authenticate"] == "Bearer realm=\"gatehouse\"")
                bodies.insert(answer.text)
            }
        }
        #expect(bodies.count == 1)
        #expect(rig.ledger.reads == 0)
    }

    @Test("what the table says is all there is: each method and path once, each operation named once")
    func unique() async throws {
        let routes = try await Rig().interface.table.routes
        #expect(Set(routes.map { "\($0.method) \($0.path.text)" }).count == routes.count)
        #expect(Set(routes.map(\.operationID)).count == routes.count)
        #expect(Set(routes.compactMap(\.access.scope)) == Set(APIScope.allCases))
    }
}

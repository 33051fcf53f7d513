import AdminAPI
import EnrollmentCore
import Testing

@Suite("Scopes")
struct ScopeTests {
    @Test("are told apart by their names", arguments: APIScope.allCases)
    func names(scope: APIScope) {
        #expect(APIScope(rawValue: scope.rawValue) == scope)
        #expect(RouteAccess.scope(scope) != .open)
    }
}

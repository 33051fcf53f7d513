/// Every operation there is, and which one a request is for.
package struct RouteTable: Sendable {
    package let routes: [APIRoute]
    /// By the number of segments, so that few are tried; open ones come after those.
    private let byLength: [Int: [Int]]
    private let open: [Int]

    package init(_ routes: [APIRoute]) {
        self.routes = routes
        var byLength: [Int: [Int]] = [:]
        var open: [Int] = []
        for (index, route) in routes.enumerated() {
            if route.path.text.hasSuffix("/*") {
                open.append(index)
            } else {
                byLength[route.path.text.split(separator: "/").count, default: []].append(index)
            }
        }
        self.byLength = byLength.mapValues { $0 + open }
        self.open = open
    }

    /// What a request's method and path lead to.
    enum Match {
        case route(APIRoute, variables: [String])
        /// Somebody asks what there is; the methods.
        case options([String])
    }

    /// - Throws: ``Problem`` 404 when nothing is there, 405 when it is not to be had by this method.
    func find(_ method: String, _ path: String) throws(Problem) -> Match {
        // A slash at the end, or two in a row, makes another path, which is nobody's.
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        var methods: [String] = []
        for index in self.byLength[segments.count] ?? self.open {
            let route = self.routes[index]
            guard let variables = route.path.match(segments) else { continue }
            if route.method == method || (method == "HEAD" && route.method == "GET") {
                return .route(route, variables: variables)
            }
            methods += route.method == "GET" ? ["GET", "HEAD"] : [route.method]
        }
        guard !methods.isEmpty else { throw Problem(.notFound, "There is nothing at this path.") }
        if method == "OPTIONS" { return .options(methods + ["OPTIONS"]) }
        throw Problem(
            .methodNotAllowed,
            "This is not to be had by that method.",
            headers: [("Allow", (methods + ["OPTIONS"]).joined(separator: ", "))]
        )
    }
}

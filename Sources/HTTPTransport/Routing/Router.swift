/// Finds the route for a request as soon as its head is there, so that a wrong one is refused before its body is read.
package struct Router: Sendable {
    private var exact: [String: [Route]] = [:]
    private var anyCase: [String: [Route]] = [:]
    /// Longest first.
    private var prefixes: [(path: String, routes: [Route])] = []

    /// - Parameter routes: In any order; of two for the same path and method, the first answers.
    package init(_ routes: [Route]) {
        var prefixes: [String: [Route]] = [:]
        for route in routes {
            switch route.path {
            case .exact(let path): self.exact[path, default: []].append(route)
            case .anyCase(let path): self.anyCase[ASCII.lowercased(path), default: []].append(route)
            case .prefix(let path): prefixes[path, default: []].append(route)
            }
        }
        self.prefixes = prefixes.sorted { $0.key.utf8.count > $1.key.utf8.count }.map { ($0.key, $0.value) }
    }

    /// - Throws: ``RequestRefusal`` 400 for an encoded slash where no route takes one, 404 when nothing is there, 405 when
    ///   it is not to be had by this method, 415 when the body is of a kind that the route does not take.
    package func route(for head: RequestHead) throws(RequestRefusal) -> Route {
        let found = self.candidates(for: head.path)
        // Before anything else is said about the path: what it means to us may not be what it meant to a proxy.
        if let position = head.firstEncodedSlash {
            guard let found, found.contains(where: { $0.takesEncodedSlash(at: position) }) else {
                throw Self.encodedSlash
            }
        }
        guard let candidates = found else { throw RequestRefusal(404, "there is nothing here") }
        guard let route = candidates.first(where: { $0.answers(head.method) }) else {
            throw RequestRefusal(405, "this is not to be had by that method", allowed: Self.allowed(candidates))
        }
        if let position = head.firstEncodedSlash, !route.takesEncodedSlash(at: position) { throw Self.encodedSlash }
        guard route.accepts(head) else { throw RequestRefusal(415, "a body of that type is not taken here") }
        return route
    }

    private static let encodedSlash = RequestRefusal.bad("the path holds an encoded separator or control character")

    private func candidates(for path: String) -> [Route]? {
        if let routes = self.exact[path] { return routes }
        if !self.anyCase.isEmpty, let routes = self.anyCase[ASCII.lowercased(path)] { return routes }
        return self.prefixes.first { path.utf8.starts(with: $0.path.utf8) }?.routes
    }

    private static func allowed(_ routes: [Route]) -> [HTTPMethod] {
        var methods: [HTTPMethod] = []
        for method in routes.flatMap(\.methods).flatMap({ $0 == .get ? [.get, .head] : [$0] })
        where !methods.contains(method) {
            methods.append(method)
        }
        return methods
    }
}

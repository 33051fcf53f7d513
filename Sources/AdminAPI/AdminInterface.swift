package import EnrollmentCore
internal import OpenSSLKit
package import ServiceRuntime

/// The admin interface: one table of what there is, and the way from a request to its answer.
package struct AdminInterface: Sendable {
    /// What it stands on.
    package struct Services: Sendable {
        package var gatekeeper: Gatekeeper
        package var identities: IdentityCache
        package var devices: any DeviceLedger
        package var queries: any LedgerQueries
        package var handOff: any HandOffLedger
        package var signal: FeedSignal
        package var eventBody: any EventBody
        package var random: any RandomSource
        /// The names of the destinations that are configured now.
        package var destinations: @Sendable () -> [String]
        /// Minutes after which a device that was not seen is silent.
        package var silentAfterMinutes: Int
        /// Whether the ledger shows a past, as a standby's copy does.
        package var isBehind: @Sendable () -> Bool

        package init(
            gatekeeper: Gatekeeper,
            identities: IdentityCache,
            devices: any DeviceLedger,
            queries: any LedgerQueries,
            handOff: any HandOffLedger,
            signal: FeedSignal,
            eventBody: any EventBody,
            random: any RandomSource,
            destinations: @escaping @Sendable () -> [String],
            silentAfterMinutes: Int,
            isBehind: @escaping @Sendable () -> Bool = { false }
        ) {
            self.gatekeeper = gatekeeper
            self.identities = identities
            self.devices = devices
            self.queries = queries
            self.handOff = handOff
            self.signal = signal
            self.eventBody = eventBody
            self.random = random
            self.destinations = destinations
            self.silentAfterMinutes = silentAfterMinutes
            self.isBehind = isBehind
        }
    }

    /// The longest body that any operation has use for, in octets.
    private static let longestBody = 64 * 1_024

    package let table: RouteTable
    private let gatekeeper: Gatekeeper

    package init(_ services: Services) {
        self.gatekeeper = services.gatekeeper
        self.table = RouteTable(
            IdentityRoutes(cache: services.identities, devices: services.devices).routes
                + EventRoutes(
                    ledger: services.handOff,
                    signal: services.signal,
                    body: services.eventBody,
                    isBehind: services.isBehind
                ).routes
                + DeviceRoutes(
                    ledger: services.queries,
                    handOff: services.handOff,
                    silentAfterMinutes: services.silentAfterMinutes
                ).routes
                + DestinationRoutes(
                    ledger: services.handOff,
                    random: services.random,
                    names: services.destinations
                ).routes
                + VerifyRoutes(cache: services.identities).routes
                + Self.standing
        )
    }

    /// What is there whatever the service does.
    private static let standing = [
        APIRoute(
            "GET",
            "/api/v1/openapi.json",
            .open,
            "getDescription",
            answer: .atOnce { _ in
                APIResponse(headers: [("Content-Type", "application/json")], body: PackageResources.openapi_json)
            }
        ),
        APIRoute("GET", "/livez", .open, "isAlive", answer: .elsewhere),
        APIRoute("GET", "/readyz", .open, "isReady", answer: .elsewhere),
        APIRoute("GET", "/readyz/reading", .open, "isReadyToRead", answer: .elsewhere),
        APIRoute("GET", "/metrics", .open, "getMetrics", answer: .elsewhere),
    ]

    // MARK: Answering

    /// The answer that is at hand, in microseconds and without waiting: an event loop may ask.
    ///
    /// Refusals are always at hand.
    ///
    /// - Returns: `nil` when ``answer(_:ending:)`` has to be asked.
    package func answerAtOnce(_ request: APIRequest) -> APIResponse? {
        do throws(Problem) {
            let (route, call): (APIRoute, APICall)
            switch try self.open(request, ending: nil) {
            case .call(let found, let opened): (route, call) = (found, opened)
            case .options(let response): return response
            }
            var response: APIResponse?
            switch route.answer {
            case .atOnce(let answer): response = try answer(call)
            case .eitherWay(let answer, _): response = try answer(call)
            case .later, .elsewhere: return nil
            }
            response?.caller = call.caller?.name
            return response
        } catch {
            return error.response(to: request.requestID)
        }
    }

    /// Answers any request but those that another part of the listener answers.
    ///
    /// - Parameters:
    ///   - request: Whatever came.
    ///   - ending: Raised when nobody waits for the answer any more.
    /// - Returns: The answer, whatever happened.
    package func answer(_ request: APIRequest, ending: ShutdownSignal) async -> APIResponse {
        do throws(Problem) {
            let (route, call): (APIRoute, APICall)
            switch try self.open(request, ending: ending) {
            case .call(let found, let opened): (route, call) = (found, opened)
            case .options(let response): return response
            }
            var response: APIResponse
            switch route.answer {
            case .atOnce(let answer): response = try answer(call)
            case .eitherWay(_, let answer), .later(let answer): response = try await answer(call)
            case .elsewhere: throw Problem(.notFound, "There is nothing at this path.")
            }
            response.caller = call.caller?.name
            return response
        } catch {
            return error.response(to: request.requestID)
        }
    }

    private enum Opened {
        case call(APIRoute, APICall)
        case options(APIResponse)
    }

    /// Finds the route, and lets in who may use it.
    private func open(_ request: APIRequest, ending: ShutdownSignal?) throws(Problem) -> Opened {
        switch try self.table.find(request.method, request.path) {
        case .options(let methods):
            return .options(APIResponse(status: 204, headers: [("Allow", methods.joined(separator: ", "))]))
        case .route(let route, let variables):
            let caller = try self.gatekeeper.admit(request, to: route.access)
            try Self.check(request, route)
            var query = QueryString()
            if let known = route.parameters { query = try QueryString(request.query, known: known) }
            let call = APICall(request: request, caller: caller, variables: variables, query: query, ending: ending)
            return .call(route, call)
        }
    }

    private static func check(_ request: APIRequest, _ route: APIRoute) throws(Problem) {
        guard request.body.count <= self.longestBody else {
            throw Problem(.tooLarge, "The body is longer than \(self.longestBody) octets.")
        }
        guard route.takesBody else { return }
        let types = request.facts.values(of: "Content-Type").map { $0.prefix { $0 != ";" }.lowercased() }
        guard types == ["application/json"] else {
            throw Problem(.unsupportedType, "The body has to be application/json.")
        }
    }
}

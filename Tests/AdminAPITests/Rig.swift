import AdminAPI
import EnrollmentCore
import EnrollmentTestKit
import Foundation
import ServiceRuntime

/// The whole interface on a scripted ledger, with a token for each scope and one for all.
struct Rig: Sendable {
    let ledger = ScriptedLedger()
    let clock = ManualClock()
    let signal: FeedSignal
    let identities: IdentityCache
    let tokens: TokenTable
    let interface: AdminInterface
    private let secrets: [APIScope: TokenSecret]
    private let master: TokenSecret

    struct Body: EventBody {
        func body(of event: FeedEvent, at now: Timestamp) throws(EnrollmentError) -> [UInt8] {
            let type = "gatehouse.device.\(event.event.kind.rawValue)"
            return Array(
                #"{"specversion":"1.0","id":"\#(event.event.id)","source":"https://gate.test","type":"\#(type)"}"#.utf8
            )
        }
    }

    struct Dice: RandomSource {
        private let source = SeededRandom(seed: 1)

        func octets(_ count: Int) throws(EnrollmentError) -> [UInt8] { self.source.octets(count) }
    }

    init(
        clients: [PinnedClient] = [],
        failures: FailureLimit = FailureLimit(),
        signal: FeedSignal = FeedSignal(),
        settings: IdentityCache.Settings = IdentityCache.Settings(),
        asOf: @escaping @Sendable () -> Timestamp? = { nil }
    ) async throws {
        self.signal = signal
        let ledger = self.ledger
        self.identities = IdentityCache(ledger: ledger, clock: self.clock, settings: settings, asOf: asOf)
        self.tokens = TokenTable(ledger: ledger, asOf: asOf)
        self.interface = AdminInterface(
            AdminInterface.Services(
                gatekeeper: Gatekeeper(tokens: self.tokens, clients: clients, failures: failures),
                identities: self.identities,
                devices: ledger,
                queries: ledger,
                handOff: ledger,
                signal: signal,
                eventBody: Body(),
                random: Dice(),
                destinations: { ["mdm"] },
                silentAfterMinutes: 60,
                isBehind: { asOf() != nil }
            )
        )
        var secrets: [APIScope: TokenSecret] = [:]
        for (index, scope) in APIScope.allCases.enumerated() {
            let (secret, record) = try Sample.token(UInt8(index), scopes: [scope])
            secrets[scope] = secret
            ledger.set { $0.tokens.append(record) }
        }
        let (master, record) = try Sample.token(100, scopes: Set(APIScope.allCases))
        ledger.set { $0.tokens.append(record) }
        self.secrets = secrets
        self.master = master
        try await self.tokens.reload(at: self.clock.now)
        _ = try await self.identities.follow()
    }

    /// The `Authorization` field of a token with that scope alone.
    func bearer(_ scope: APIScope) -> String { self.secrets[scope].map { "Bearer \($0.text.reveal())" } ?? "" }

    /// The `Authorization` field of a token with every scope.
    var bearer: String { "Bearer \(self.master.text.reveal())" }

    struct Facts: RequestFacts {
        var fields: [String: [String]] = [:]
        var certificate: [UInt8]?
        var isVerifier = false
        var vouching = Vouching.none

        func values(of header: String) -> [String] { self.fields[header] ?? [] }
    }

    func request(
        _ method: String,
        _ path: String,
        query: String? = nil,
        body: String = "",
        source: String = "192.0.2.1",
        facts: Facts
    ) -> APIRequest {
        APIRequest(
            method: method,
            path: path,
            query: query,
            body: Array(body.utf8),
            sourceAddress: source,
            requestID: "0123456789abcdef",
            now: self.clock.now,
            facts: facts
        )
    }

    /// As the listener asks: at once where there is an answer, else later.
    func answer(_ request: APIRequest, ending: ShutdownSignal = ShutdownSignal()) async -> Answer {
        if let response = self.interface.answerAtOnce(request) { return Answer(response) }
        return Answer(await self.interface.answer(request, ending: ending))
    }

    /// Asks with every scope; a body is JSON.
    func ask(
        _ method: String,
        _ path: String,
        query: String? = nil,
        body: String = "",
        ending: ShutdownSignal = ShutdownSignal()
    ) async -> Answer {
        var facts = Facts(fields: ["Authorization": [self.bearer]])
        if !body.isEmpty { facts.fields["Content-Type"] = ["application/json"] }
        return await self.answer(self.request(method, path, query: query, body: body, facts: facts), ending: ending)
    }
}

/// An answer, taken apart.
struct Answer: Sendable {
    let status: Int
    let headers: [(name: String, value: String)]
    let text: String

    init(_ response: APIResponse) {
        self.status = response.status
        self.headers = response.headers
        self.text = String(decoding: response.body, as: UTF8.self)
    }

    subscript(_ name: String) -> String? {
        let values = self.headers.filter { $0.name == name }.map(\.value)
        return values.count == 1 ? values[0] : nil
    }

    /// The body as JSON; an object or nothing.
    var json: [String: Any]? {
        (try? JSONSerialization.jsonObject(with: Data(self.text.utf8))) as? [String: Any]
    }

    /// The last word of the problem's type.
    var problem: String? {
        guard self["Content-Type"] == "application/problem+json" else { return nil }
        return (self.json?["type"] as? String)?.split(separator: ":").last.map(String.init)
    }
}

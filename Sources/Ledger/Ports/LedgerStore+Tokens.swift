package import EnrollmentCore

extension LedgerStore {
    package func insert(_ token: APIToken, by act: AdministrativeAct) async throws(EnrollmentError) {
        let evidence = { @Sendable (connection: LedgerConnection) throws -> Void? in
            try TokenTable(connection: connection).find(token.id)?.digest == token.digest ? () : nil
        }
        try await self.write(.tokens, .evidence(evidence)) { connection in
            let tokens = TokenTable(connection: connection)
            guard try tokens.valid(named: token.name, at: act.time) == nil else {
                throw EnrollmentError(
                    .messageFormat,
                    "A valid token has the name \(token.name); revoke it first or choose another name.",
                    rule: "token.name"
                )
            }
            try tokens.insert(token)
            let scopes = token.scopes.map(\.rawValue).sorted().joined(separator: " ")
            try ActTable(connection: connection).record(
                act,
                device: nil,
                facts: [
                    Fact("token", token.id), Fact("name", token.name), Fact("owner", token.owner),
                    Fact("scopes", scopes), Fact("expires", token.expires.description),
                ]
            )
        }
    }

    package func tokens(after: String?, limit: Int) async throws(EnrollmentError) -> Page<APIToken> {
        try await self.read { try TokenTable(connection: $0).list(after: after, limit: limit) }
    }

    package func validTokens(at now: Timestamp) async throws(EnrollmentError) -> [APIToken] {
        try await self.read { try TokenTable(connection: $0).valid(at: now) }
    }

    package func revokeToken(
        _ name: String,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> (token: APIToken, isNew: Bool)? {
        let outcome = try await self.write(.tokens) { connection -> [(token: APIToken, isNew: Bool)] in
            let tokens = TokenTable(connection: connection)
            let acts = ActTable(connection: connection)
            guard var token = try tokens.find(name) ?? tokens.valid(named: name, at: act.time) else { return [] }
            guard token.revoked == nil else {
                // Run again, it finds its own work done.
                return [(token, try acts.find(act.traceID)?.act == act)]
            }
            try tokens.revoke(token.id, at: act.time)
            token.revoked = act.time
            try acts.record(act, device: nil, facts: [Fact("token", token.id), Fact("name", token.name)])
            return [(token, true)]
        }
        return outcome.first
    }

    /// Writes once an hour at most.
    package func touchToken(_ id: String, at now: Timestamp) async throws(EnrollmentError) {
        let hourAgo = now.adding(seconds: -3_600)
        let known = try await self.read { try TokenTable(connection: $0).find(id) }
        guard let known, known.lastUsed.map({ $0 <= hourAgo }) ?? true else { return }
        try await self.write(.tokens) { try TokenTable(connection: $0).touch(id, at: now) }
    }
}

public import EnrollmentCore
internal import Synchronization

extension InMemoryLedger: IdentityLedger {
    public func identity(thumbprint: [UInt8]) async throws(EnrollmentError) -> IdentityRecord? {
        self.state.withLock { state in
            guard let certificate = state.certificates.first(where: { $0.record.thumbprint == thumbprint }),
                let device = certificate.record.device.flatMap({ state.index(of: $0) })
            else { return nil }
            return IdentityRecord(
                certificate: state.proven(certificate),
                state: certificate.record.state,
                revocation: state.revocation(of: certificate.record.serialNumber),
                device: state.facts(state.devices[device].record)
            )
        }
    }

    public func staleIdentities(
        afterChange ordinal: Int64,
        afterEvent position: Int64,
        limit: Int
    ) async throws(EnrollmentError) -> StaleIdentities {
        self.state.withLock { state in
            let limit = max(1, limit)
            let changes = state.revocation.changes.filter { $0.ordinal > ordinal }.prefix(limit)
            let events = state.feed { $0.position.map { $0 > position } ?? false }.prefix(limit)
            let devices = Set(events.compactMap(\.event.device))
            let serials = Set(changes.map(\.serialNumber))
            let records = state.certificates.map(\.record).filter { record in
                serials.contains(record.serialNumber) || record.device.map { devices.contains($0) } ?? false
            }
            return StaleIdentities(
                thumbprints: records.compactMap(\.thumbprint),
                change: changes.last?.ordinal ?? ordinal,
                event: events.last?.position ?? position,
                isPartial: changes.count == limit || events.count == limit
            )
        }
    }

    public func newestIdentityChange() async throws(EnrollmentError) -> (change: Int64, event: Int64) {
        self.state.withLock { ($0.revocation.newestChange, $0.handOff.lastPosition) }
    }
}

extension InMemoryLedger: TokenLedger {
    public func insert(_ token: APIToken, by act: AdministrativeAct) async throws(EnrollmentError) {
        try self.transaction { (state) throws(EnrollmentError) in
            guard !state.tokens.contains(where: { $0.name == token.name && $0.isValid(at: act.time) }) else {
                throw EnrollmentError(.messageFormat, "A valid token has that name.", rule: "token.name")
            }
            state.tokens.append(token)
            try state.record(act, device: nil, facts: [Fact("token", token.id)])
        }
    }

    /// The key is the place of the last element given.
    public func tokens(after: String?, limit: Int) async throws(EnrollmentError) -> Page<APIToken> {
        let all = self.state.withLock { $0.tokens }
        guard let end = after.map({ Int($0) }) ?? all.count, (0...all.count).contains(end) else {
            throw EnrollmentError(.messageFormat, "The key is not one that a page gave.", rule: "query.after")
        }
        let page = all[..<end].suffix(PageSize.clamped(limit))
        return Page(elements: page.reversed(), next: page.startIndex > 0 ? String(page.startIndex) : nil)
    }

    public func validTokens(at now: Timestamp) async throws(EnrollmentError) -> [APIToken] {
        self.state.withLock { $0.tokens.filter { $0.isValid(at: now) } }
    }

    public func revokeToken(
        _ name: String,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> (token: APIToken, isNew: Bool)? {
        let outcome = try self.transaction { (state) throws(EnrollmentError) -> [(token: APIToken, isNew: Bool)] in
            let index =
                state.tokens.firstIndex { $0.id == name }
                ?? state.tokens.firstIndex { $0.name == name && $0.isValid(at: act.time) }
            guard let index else { return [] }
            guard state.tokens[index].revoked == nil else { return [(state.tokens[index], false)] }
            state.tokens[index].revoked = act.time
            try state.record(act, device: nil, facts: [Fact("token", state.tokens[index].id)])
            return [(state.tokens[index], true)]
        }
        return outcome.first
    }

    public func touchToken(_ id: String, at now: Timestamp) async throws(EnrollmentError) {
        self.state.withLock { state in
            guard let index = state.tokens.firstIndex(where: { $0.id == id }) else { return }
            let known = state.tokens[index].lastUsed
            if known.map({ $0 <= now.adding(seconds: -3_600) }) ?? true { state.tokens[index].lastUsed = now }
        }
    }
}

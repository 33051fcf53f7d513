package import EnrollmentCore
internal import Synchronization

/// The valid tokens, in memory: a request is never kept waiting for the store to say who makes it.
///
/// ``reload(at:)`` has to be called every two seconds or so: a token that was made or revoked counts from then on.
package final class TokenTable: Sendable {
    /// A table that is older than this opens nothing: a token may have been revoked since; seconds.
    private static let longestAge: Int64 = 60
    /// How exactly it is known when a token was last used; seconds.
    private static let useInterval: Int64 = 3_600

    private struct Entry {
        let digest: [UInt8]
        let expires: Timestamp
        let caller: Caller
        var lastUsed: Timestamp?
        /// Used since the store was told.
        var wasUsed: Timestamp?
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var loaded: Timestamp?
    }

    private let ledger: any TokenLedger
    private let asOf: @Sendable () -> Timestamp?
    private let state = Mutex(State())

    /// - Parameters:
    ///   - ledger: Where the tokens are.
    ///   - asOf: Up to which moment the ledger shows what happened, where it is behind; `nil` for the present.
    package init(ledger: any TokenLedger, asOf: @escaping @Sendable () -> Timestamp? = { nil }) {
        self.ledger = ledger
        self.asOf = asOf
    }

    /// Whose token it is.
    ///
    /// - Returns: `nil` for a token that is unknown, ended or revoked; which of these is nobody's to know.
    /// - Throws: ``EnrollmentError`` `inMaintenance` while nobody knows what tokens there are.
    func caller(of token: TokenSecret, at now: Timestamp) throws(EnrollmentError) -> Caller? {
        let digest = try token.digest()
        let (isFresh, found) = self.state.withLock { state -> (Bool, Caller?) in
            guard let loaded = state.loaded, abs(now.seconds(since: loaded)) <= Self.longestAge else {
                return (false, nil)
            }
            // An unknown id costs the same comparison as a known one.
            let entry = state.entries[token.id]
            let isRight = Fingerprint.areEqual(digest, entry?.digest ?? Self.nobody)
            guard let entry, isRight, now < entry.expires else { return (true, nil) }
            if entry.wasUsed == nil { state.entries[token.id]?.wasUsed = now }
            return (true, entry.caller)
        }
        guard isFresh else {
            throw EnrollmentError(
                .inMaintenance,
                "The tokens were not read from a store that is up to date for more than \(Self.longestAge) s; one may have been"
                    + " revoked.",
                rule: "token.stale"
            )
        }
        return found
    }

    private static let nobody = [UInt8](repeating: 0, count: 32)

    /// Reads the tokens anew.
    ///
    /// From a store that is too far behind nothing is taken: it may not know yet what was revoked.
    ///
    /// - Throws: ``EnrollmentError`` when the store did not answer; what was read before holds for a while.
    package func reload(at now: Timestamp) async throws(EnrollmentError) {
        let moment = self.asOf().map { min($0, now) } ?? now
        guard now.seconds(since: moment) <= Self.longestAge else { return }
        let tokens = try await self.ledger.validTokens(at: now)
        self.state.withLock { state in
            var entries: [String: Entry] = [:]
            for token in tokens {
                entries[token.id] = Entry(
                    digest: token.digest,
                    expires: token.expires,
                    caller: Caller(name: "token \(token.name)", tokenID: token.id, scopes: token.scopes),
                    lastUsed: token.lastUsed,
                    wasUsed: state.entries[token.id]?.wasUsed
                )
            }
            state.entries = entries
            state.loaded = moment
        }
    }

    /// Notes in the store which tokens were used, each once an hour.
    ///
    /// - Throws: ``EnrollmentError`` when the store takes no records; they are kept for the next time.
    package func noteUses() async throws(EnrollmentError) {
        let used = self.state.withLock { state in
            state.entries.compactMap { id, entry in entry.wasUsed.map { (id: id, last: entry.lastUsed, at: $0) } }
        }
        for use in used {
            if Self.isDue(use.last, use.at) { try await self.ledger.touchToken(use.id, at: use.at) }
            self.state.withLock { state in
                state.entries[use.id]?.lastUsed = Self.isDue(use.last, use.at) ? use.at : use.last
                state.entries[use.id]?.wasUsed = nil
            }
        }
    }

    private static func isDue(_ lastUsed: Timestamp?, _ now: Timestamp) -> Bool {
        lastUsed.map { now.seconds(since: $0) >= self.useInterval } ?? true
    }

    /// Valid tokens, for metrics.
    package var count: Int { self.state.withLock { $0.entries.count } }
}

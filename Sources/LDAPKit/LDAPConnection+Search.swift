internal import CLDAP
internal import Glibc

extension LDAPConnection {
    /// Finds entries.
    ///
    /// - Throws: ``LDAPError``. Reaching the size limit is no error but ``LDAPSearchResult/isTruncated``; a base that
    ///   does not exist is ``LDAPResultCode/noSuchObject``.
    public func search(
        _ search: LDAPSearch,
        before deadline: ContinuousClock.Instant
    ) throws(LDAPError) -> LDAPSearchResult {
        try Self.refuseNUL(in: search.base.text, "search")
        try Self.refuseLate(deadline, "search")
        let identifier = try self.sendSearch(search, before: deadline)
        let answer = try self.answer(to: identifier, "search", before: deadline)
        let outcome = try answer.outcome(on: self.handle.pointer, of: "search")
        guard outcome.code == .success || outcome.code == .sizeLimitExceeded else {
            throw LDAPError("search", outcome.code, diagnostic: outcome.diagnostic)
        }
        return LDAPSearchResult(
            entries: try answer.entries(on: self.handle.pointer),
            isTruncated: outcome.code == .sizeLimitExceeded
        )
    }

    private func sendSearch(
        _ search: LDAPSearch,
        before deadline: ContinuousClock.Instant
    ) throws(LDAPError) -> Int32 {
        var identifier: Int32 = 0
        // The server's limit counts in whole seconds, and zero would mean none.
        let remaining = ContinuousClock.now.duration(to: deadline)
        var limit = timeval(tv_sec: Int(max(remaining, .zero).components.seconds) + 1, tv_usec: 0)
        // "1.1" asks for no attribute (RFC 4511 § 4.5.1.8); an empty list would ask for all of them.
        let names = search.attributes.isEmpty ? ["1.1"] : search.attributes.map(\.text)
        var pointers: [UnsafeMutablePointer<CChar>?] = names.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        let sent = ldap_search_ext(
            self.handle.pointer,
            search.base.text,
            search.scope.rawValue,
            search.filter.text,
            &pointers,
            0,
            nil,
            nil,
            &limit,
            Int32(search.sizeLimit),
            &identifier
        )
        guard sent == LDAP_SUCCESS else { throw self.handle.failure("search", LDAPResultCode(rawValue: sent)) }
        return identifier
    }

    /// Reads the server's description of itself (RFC 4512 § 5.1), for example `namingContexts`.
    public func readRootEntry(
        _ attributes: [LDAPAttributeName],
        before deadline: ContinuousClock.Instant
    ) throws(LDAPError) -> LDAPEntry {
        let query = LDAPSearch(
            under: try DistinguishedName(""),
            scope: .base,
            filter: .present("objectClass"),
            attributes: attributes,
            sizeLimit: 1
        )
        guard let entry = try self.search(query, before: deadline).entries.first else {
            throw LDAPError("search", .noSuchObject, diagnostic: "the server shows no root entry")
        }
        return entry
    }
}

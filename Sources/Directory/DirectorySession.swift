internal import EnrollmentCore
internal import LDAPKit

/// Two connections to one server: one bound as the service account, one on which people prove their passwords.
///
/// Not `Sendable`: it stays with the lane that made it.
final class DirectorySession {
    /// Why a verification did not come to a user.
    enum Failure: Error {
        /// The server cannot be used just now; another one may.
        case unusable(LDAPError)
        /// The answer is no, whichever server is asked.
        case refused(EnrollmentError)
    }

    let server: Int
    /// Whether an earlier verification went through on it: then a loss may only mean that it was closed while idle.
    private(set) var isProven = false
    private(set) var lastUse = ContinuousClock.now
    private let address: String
    private let settings: CheckedSettings
    private let service: LDAPConnection
    private let person: LDAPConnection

    /// Connects and binds the service account.
    init(
        to server: Int,
        _ settings: CheckedSettings,
        before deadline: ContinuousClock.Instant
    ) throws(Failure) {
        let endpoint = settings.endpoints[server]
        do throws(LDAPError) {
            self.service = try LDAPConnection(to: endpoint, before: deadline)
            if let account = settings.limits.serviceAccount {
                try self.service.bind(
                    as: account.name,
                    password: account.password.reveal(),
                    before: Self.limit(settings, deadline)
                )
            }
            self.person = try LDAPConnection(to: endpoint, before: deadline)
        } catch {
            throw .unusable(error)
        }
        self.server = server
        self.address = endpoint.address
        self.settings = settings
    }

    /// Whether the server has closed one of the connections meanwhile.
    var isStale: Bool { self.service.isStale || self.person.isStale }

    /// What the server shows of itself: its TLS certificate, and its clock where it tells the time.
    func inspect(
        _ clock: any WallClock,
        before deadline: ContinuousClock.Instant
    ) throws(LDAPError) -> (certificate: [UInt8]?, clockOffset: Duration?) {
        let attribute: LDAPAttributeName = "currentTime"
        let asked = clock.now
        let entry = try self.service.readRootEntry([attribute], before: Self.limit(self.settings, deadline))
        let answered = clock.now
        let middle = Timestamp(microseconds: (asked.microseconds + answered.microseconds) / 2)
        let offset = entry.text(attribute).flatMap { DirectoryTime.moment($0) }.map { moment in
            Duration.microseconds(moment.microseconds - middle.microseconds)
        }
        return (self.service.peerCertificate, offset)
    }

    /// Finds the person, proves the password, reads the groups.
    func verify(
        _ token: UsernamePassword,
        before deadline: ContinuousClock.Instant
    ) throws(Failure) -> DirectoryUser {
        let found = try self.find(token.name, before: deadline)
        let entry = found.count == 1 ? found[0] : nil
        try self.prove(token.password, for: entry, before: deadline)
        guard let entry else { throw .refused(BindRefusal.notFound(matches: found.count)) }
        return try self.person(entry, before: deadline)
    }

    /// Finds the person by a stable id, looks at the account's standing, reads the groups.
    func user(
        _ id: UniqueIdentifier,
        at now: Timestamp,
        before deadline: ContinuousClock.Instant
    ) throws(Failure) -> DirectoryUser {
        let wanted = self.settings.reader.attributes + AccountStanding.attributes
        let searches = self.settings.lookup.searches(for: id, in: self.settings.reader.stableID, bringing: wanted)
        var found: [LDAPEntry] = []
        for search in searches where found.isEmpty { found = try self.ask(search, before: deadline).entries }
        guard found.count < 2 else { throw .refused(BindRefusal.notFound(matches: found.count)) }
        guard let entry = found.first else { throw .refused(BindRefusal.gone(id.text)) }
        if let condition = AccountStanding.condition(of: entry, at: now) {
            throw .refused(BindRefusal.refused(condition, entry: entry.name))
        }
        let user = try self.person(entry, before: deadline)
        // An attribute that finds one person and gives another is not the stable id it is configured as.
        guard user.id == id.text else { throw .refused(BindRefusal.gone(id.text)) }
        return user
    }

    private func person(_ entry: LDAPEntry, before deadline: ContinuousClock.Instant) throws(Failure) -> DirectoryUser {
        let groups = try self.settings.groups.groups(of: entry) { search throws(Failure) in
            let result = try self.ask(search, before: deadline)
            guard !result.isTruncated else { throw .refused(BindRefusal.tooManyGroups(entry.name)) }
            return result
        }
        self.isProven = true
        self.lastUse = .now
        do throws(EnrollmentError) {
            return try self.settings.reader.person(entry, groups: groups, from: self.address)
        } catch {
            throw .refused(error)
        }
    }

    private func find(_ name: String, before deadline: ContinuousClock.Instant) throws(Failure) -> [LDAPEntry] {
        let wanted = self.settings.reader.attributes
        guard let search = self.settings.lookup.search(for: name, bringing: wanted) else { return [] }
        return try self.ask(search, before: deadline).entries
    }

    private func ask(
        _ search: LDAPSearch,
        before deadline: ContinuousClock.Instant
    ) throws(Failure) -> LDAPSearchResult {
        do throws(LDAPError) {
            return try self.service.search(search, before: Self.limit(self.settings, deadline))
        } catch {
            guard !error.isConnectionLoss else { throw .unusable(error) }
            throw .refused(BindRefusal.searchRefused(error, search))
        }
    }

    /// Binds as the person.
    ///
    /// For somebody the directory does not know the decoy is bound instead, so that neither the answer nor its time
    /// tells who has an account; what comes of that bind does not matter.
    private func prove(
        _ password: Redacted<String>,
        for entry: LDAPEntry?,
        before deadline: ContinuousClock.Instant
    ) throws(Failure) {
        do throws(LDAPError) {
            let condition = try self.person.bind(
                as: entry?.name ?? self.settings.decoy,
                password: password.reveal(),
                before: Self.limit(self.settings, deadline)
            )
            if let condition, entry != nil { throw LDAPError("bind", .invalidCredentials, condition: condition) }
        } catch {
            guard !error.isConnectionLoss else { throw .unusable(error) }
            self.isProven = true
            self.lastUse = .now
            let refusal = BindRefusal.refused(error, entry: entry?.name)
            // A server that takes no password this way says so to everybody, or nobody.
            guard entry != nil || refusal.code != .authentication else { return }
            throw .refused(refusal)
        }
    }

    private static func limit(
        _ settings: CheckedSettings,
        _ deadline: ContinuousClock.Instant
    ) -> ContinuousClock.Instant {
        min(deadline, .now + settings.limits.operationTimeout)
    }
}

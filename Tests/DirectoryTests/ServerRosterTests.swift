internal import EnrollmentCore
internal import LDAPKit
internal import Logging
internal import Testing

@testable internal import Directory

@Suite("The roster of servers")
struct ServerRosterTests {
    private let start = ContinuousClock.now
    private let roster: ServerRoster

    init() throws {
        let endpoints = try ["ldap://a", "ldap://b"].map {
            try LDAPEndpoint($0, security: .plaintextPasswords, connectTimeout: .seconds(1))
        }
        self.roster = ServerRoster(
            endpoints,
            firstBackOff: .seconds(1),
            longestBackOff: .seconds(5),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private let lost = LDAPError("connect", .serverDown)

    @Test("the preferred server is used while it is well, and again when it is back")
    func preference() {
        #expect(self.roster.choose(at: self.start) == .use(server: 0))
        self.roster.failed(0, self.lost, at: self.start)
        #expect(self.roster.choose(at: self.start) == .use(server: 1))
        #expect(self.roster.choose(at: self.start + .seconds(100)) == .use(server: 1))
        self.roster.succeeded(0)
        #expect(self.roster.choose(at: self.start) == .use(server: 0))
    }

    @Test("with all servers out the first whose time is over is tried")
    func allOut() {
        self.roster.failed(0, self.lost, at: self.start)
        self.roster.failed(1, self.lost, at: self.start + .milliseconds(500))
        #expect(self.roster.choose(at: self.start) == .wait(until: self.start + .seconds(1)))
        #expect(self.roster.choose(at: self.start + .seconds(1)) == .use(server: 0))
        #expect(self.roster.due(at: self.start + .seconds(2)) == [0, 1])
    }

    @Test("the time out doubles with each failure up to its limit, and one outage counts once")
    func growth() {
        self.roster.failed(1, self.lost, at: self.start)
        var moment = self.start
        for seconds in [1, 2, 4, 5, 5] {
            self.roster.failed(0, self.lost, at: moment)
            self.roster.failed(0, self.lost, at: moment)
            #expect(self.roster.due(at: moment + .seconds(seconds) - .milliseconds(1)).contains(0) == false)
            moment += .seconds(seconds)
            #expect(self.roster.due(at: moment).contains(0))
        }
    }

    @Test("servers that are away mean maintenance; one that refuses us means a problem of the operator")
    func refusal() {
        self.roster.failed(0, self.lost, at: self.start)
        self.roster.failed(1, LDAPError("bind", .timedOut), at: self.start)
        #expect(self.roster.unreachable().code == .inMaintenance)
        self.roster.failed(1, LDAPError("connect", .connectError, diagnostic: "no TLS"), at: self.start)
        #expect(self.roster.unreachable().code == .enrollmentServer)
        self.roster.failed(1, LDAPError("bind", .invalidCredentials), at: self.start)
        #expect(self.roster.unreachable().code == .enrollmentServer)
    }
}

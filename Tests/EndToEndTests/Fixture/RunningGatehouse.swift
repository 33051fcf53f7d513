import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Glibc
import Synchronization
import Testing

/// The built program, serving on loopback.
final class RunningGatehouse: Sendable {
    private struct State {
        var process: FixtureProcess?
        var launches = 0
    }

    let place: Place
    private let state = Mutex(State())

    init(_ place: Place) {
        self.place = place
    }

    deinit {
        // Only after a test that threw: nobody is left to ask it to stop.
        if let process = self.state.withLock({ $0.process }) {
            Glibc.kill(process.identifier, SIGKILL)
            _ = process.wait()
        }
    }

    /// The directory that all tests share which do not stop it.
    static let directory = Result { try Slapd(users: 40) }

    /// The database server that all tests share which do not stop it.
    static let databases = Result { try PostgresServer(settings: ["max_connections": "500"]) }

    /// Tests all begin at once; that many servers on few cores would keep none of their promises.
    private static let turnstile = Turnstile(4 * ProcessInfo.processInfo.activeProcessorCount)

    /// Makes a place, serves it while `body` runs, stops it, and holds it to what has to be true after anything at all:
    /// it ends in order, and no password was written down.
    static func serve(
        _ settings: Place.Settings = Place.Settings(),
        on store: StoreKind = .sqlite,
        directory: Slapd? = nil,
        _ body: (RunningGatehouse) async throws -> Void
    ) async throws {
        await self.turnstile.enter()
        let result: Result<Void, any Error>
        do {
            result = .success(try await self.serveNow(settings, on: store, directory, body))
        } catch {
            result = .failure(error)
        }
        await self.turnstile.leave()
        try result.get()
    }

    private static func serveNow(
        _ settings: Place.Settings,
        on store: StoreKind,
        _ directory: Slapd?,
        _ body: (RunningGatehouse) async throws -> Void
    ) async throws {
        switch store {
        case .sqlite:
            try await self.serveNow(settings, directory, .sqlite, body)
        case .postgres:
            try await self.databases.get().withDatabase { database in
                try await self.serveNow(settings, directory, .postgres(PostgresAccess(database)), body)
            }
        }
    }

    private static func serveNow(
        _ settings: Place.Settings,
        _ directory: Slapd?,
        _ store: PlaceStore,
        _ body: (RunningGatehouse) async throws -> Void
    ) async throws {
        let place = try await Place(settings, directory: try directory ?? Self.directory.get(), store: store)
        let gatehouse = RunningGatehouse(place)
        try await gatehouse.start()
        try await body(gatehouse)
        if gatehouse.isRunning { #expect(try await gatehouse.stop() == 0) }
        try await gatehouse.expectNoSecret()
    }

    var isRunning: Bool { self.state.withLock { $0.process != nil } }
    var processIdentifier: pid_t { self.state.withLock { $0.process?.identifier ?? 0 } }

    /// What it has logged since its first start.
    var log: String {
        let launches = self.state.withLock { $0.launches }
        let files = (0..<launches).map { self.logFile($0) }
        return files.compactMap { try? String(contentsOf: $0, encoding: .utf8) }.joined()
    }

    private func logFile(_ number: Int) -> URL {
        self.place.folder.appending(path: "serve-\(number).log")
    }

    // MARK: - Its life

    /// Starts it and waits until it says that it is ready, or something else.
    func start(until word: String = " notice ready ") async throws {
        let file = self.logFile(self.state.withLock { $0.launches })
        // A write beyond a limit on file sizes would end the process instead of failing.
        let process = try FixtureProcess(
            ["/bin/sh", "-c", "trap '' XFSZ; exec \"$@\"", "serve"]
                + self.place.line(["serve", "--config", self.place.configuration.path]),
            errorFile: file.path
        )
        self.state.withLock { state in
            state.process = process
            state.launches += 1
        }
        try self.endWithTests(process)
        try await self.wait(word) { try String(contentsOf: file, encoding: .utf8).contains(word) }
    }

    /// Ends the server should the tests end before it.
    private func endWithTests(_ process: FixtureProcess) throws {
        let script = "while kill -0 $1; do kill -0 $2 || exit 0; sleep 1; done 2> /dev/null; kill -9 $2"
        _ = try FixtureProcess(["/bin/sh", "-c", script, "watch", "\(getpid())", "\(process.identifier)"])
    }

    func signal(_ number: Int32) {
        Glibc.kill(self.processIdentifier, number)
    }

    /// Asks it to stop and waits.
    ///
    /// - Returns: Its exit code; -1 when it had to be killed.
    func stop() async throws -> Int32 {
        self.signal(SIGTERM)
        return try await self.end()
    }

    /// Waits for its end.
    ///
    /// - Returns: Its exit code; -1 after a signal.
    /// - Throws: When the test is cancelled.
    func end() async throws -> Int32 {
        guard let process = self.state.withLock({ $0.process }) else { return -1 }
        var code = process.poll()
        for _ in 0..<1_500 where code == nil {
            try await Task.sleep(for: .milliseconds(20))
            code = process.poll()
        }
        if code == nil {
            Glibc.kill(process.identifier, SIGKILL)
            _ = process.wait()
        }
        self.state.withLock { $0.process = nil }
        return code ?? -1
    }

    /// Waits until something is so.
    ///
    /// The time is only a bound: far beyond what it takes, and reaching it is a failure.
    func wait(_ what: String, until isSo: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Place.Failure(description: "waited in vain: \(what)\n\(self.log.suffix(2_000))")
    }

    // MARK: - What has to be true after anything at all

    func expectNoSecret() async throws {
        let written = Data(self.log.utf8) + (try await self.place.storedOctets())
        let people = ["kim", "lee", "sam", "pat", "zoe", "lou", "max"] + (1...40).map { Person.numbered($0) }
        let secrets = people.map { Person.password(of: $0) } + [Person.wrongPassword]
        let stores = self.place.store.access.map { [$0.password] } ?? []
        for secret in secrets + stores + [try self.place.directory.servicePassword()] {
            #expect(written.range(of: Data(secret.utf8)) == nil, "a password was written down")
        }
    }
}

/// The made-up people of the directory.
enum Person {
    static let wrongPassword = "this-is-not-the-word"

    static func password(of uid: String) -> String { "\(uid)-password" }

    static func numbered(_ number: Int) -> String {
        "user" + String(repeating: "0", count: 5 - String(number).count) + String(number)
    }
}

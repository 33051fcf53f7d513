public import Foundation
internal import Synchronization

/// A real PostgreSQL server in a temporary folder, on loopback, ended at the latest with this process.
///
/// It asks for passwords. Its superuser is `gatehouse`. It starts with `fsync` off unless told otherwise: what it has
/// committed survives the end of its processes, as the files are the kernel's by then, but not that of the machine.
public final class PostgresServer: Sendable {
    /// A server, or one of its programs, did not do what was asked.
    public struct NotStarted: Error, CustomStringConvertible {
        public let description: String

        public init(description: String) {
            self.description = description
        }
    }

    /// How to end a server.
    public enum Stop: Int32, Sendable {
        /// Ends the connections and closes the database in order.
        case fast = 2  // SIGINT
        /// Ends at once; the next start recovers from the log, as after a crash.
        case immediate = 3  // SIGQUIT
        /// Nothing is told to it at all (`SIGKILL`).
        case kill = 9
    }

    private struct State {
        var process: FixtureProcess?
        var starts = 0
        var settings: [String: String]
    }

    /// Where the server keeps its data, logs and Unix socket.
    public let folder: URL
    public let port: UInt16
    /// The superuser's name.
    public let user = "gatehouse"
    /// The superuser's password.
    public let password: String
    private let programs: PostgresPrograms
    private let wrapper: [String]
    private let supervisor: PostgresSupervisor
    private let state: Mutex<State>

    /// Makes a database cluster and starts its server.
    ///
    /// - Parameters:
    ///   - settings: Parameters of the server, as in `postgresql.conf`.
    ///   - credential: Makes the server offer TLS with this certificate.
    ///   - issuer: Signed that certificate; sent along with it.
    ///   - fsync: Whether commits wait for the disk.
    ///   - wrapper: A command that runs the server, as `env` does.
    /// - Throws: ``NotStarted`` with the last words of the program that did not succeed.
    public convenience init(
        settings: [String: String] = [:],
        credential: CommandLineAuthority.Credential? = nil,
        issuer: CommandLineAuthority.Credential? = nil,
        fsync: Bool = false,
        wrapper: [String] = []
    ) throws {
        try self.init(
            settings: settings.merging(["fsync": fsync ? "on" : "off"]) { $1 },
            tls: credential.map { (chain: $0.pem + (issuer?.pem ?? []), key: $0.key) },
            copying: nil,
            wrapper: wrapper
        )
    }

    /// Makes a standby that follows `primary`, whose log keeps what it needs for a while.
    ///
    /// - Parameters:
    ///   - primary: A server that runs.
    ///   - settings: Parameters of the standby alone.
    /// - Throws: ``NotStarted``.
    public convenience init(standbyOf primary: PostgresServer, settings: [String: String] = [:]) throws {
        try self.init(settings: settings, tls: nil, copying: primary, wrapper: [])
    }

    private init(
        settings: [String: String],
        tls: (chain: [UInt8], key: [UInt8])?,
        copying primary: PostgresServer?,
        wrapper: [String]
    ) throws {
        self.wrapper = wrapper
        self.programs = try PostgresPrograms()
        // Short: the path of a Unix socket has 107 octets at most.
        self.folder = FileManager.default.temporaryDirectory
            .appending(
                path: "ghpg-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))",
                directoryHint: .isDirectory
            )
        self.password = primary?.password ?? UUID().uuidString
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        try self.programs.giveAway(self.folder.path)
        self.supervisor = try PostgresSupervisor(of: self.folder)
        var security: [String: String] = [:]
        if let tls { security = try Self.install(tls.chain, tls.key, in: self.folder, self.programs) }
        if let primary {
            try Self.copy(primary, to: self.folder, self.programs)
        } else {
            try Self.makeCluster(in: self.folder, self.user, self.password, self.programs)
        }
        let defaults = [
            "max_connections": "300", "shared_buffers": "64MB", "log_line_prefix": "%m %p %d ", "log_timezone": "UTC",
            "wal_keep_size": "64MB", "max_wal_size": "2GB",
        ]
        let all = defaults.merging(security) { $1 }.merging(settings) { $1 }
        let (process, port) = try Self.firstRun(self.folder, all, self.programs, wrapper)
        self.port = port
        self.state = Mutex(State(process: process, settings: all))
    }

    deinit {
        self.stop(.immediate)
        self.supervisor.release()
        // A folder left behind is a nuisance, not a failure.
        try? FileManager.default.removeItem(at: self.folder)
    }

    private static let one = Result { try PostgresServer() }

    /// The server that suites share as long as they do not stop it.
    ///
    /// - Returns: The same server in the whole process.
    /// - Throws: ``NotStarted``.
    public static func shared() throws -> PostgresServer {
        try self.one.get()
    }

    /// The process of the server; `nil` while it is stopped.
    public var processIdentifier: pid_t? { self.state.withLock { $0.process?.identifier } }

    /// Everything that the server has said since its latest start.
    public var log: String {
        let number = self.state.withLock { $0.starts }
        return (try? String(contentsOf: Self.logFile(self.folder, number), encoding: .utf8)) ?? ""
    }

    /// Ends the server and waits for that; its data and port stay for ``start(settings:)``.
    ///
    /// - Parameter mode: How.
    public func stop(_ mode: Stop = .fast) {
        guard let process = self.state.withLock({ $0.process.take() }) else { return }
        kill(process.identifier, mode.rawValue)
        for _ in 0..<3_000 {
            if process.poll() != nil { return }
            usleep(10_000)
        }
        process.kill()
    }

    /// Starts the server again on the same port, and waits until it takes connections.
    ///
    /// - Parameter settings: Parameters that change, from now on.
    /// - Throws: ``NotStarted`` with the end of the server's log.
    public func start(settings: [String: String] = [:]) throws {
        let (number, all) = self.state.withLock { state in
            precondition(state.process == nil, "the server runs already")
            state.starts += 1
            state.settings.merge(settings) { $1 }
            return (state.starts, state.settings)
        }
        var tries = 0
        while true {
            do {
                let process = try Self.run(self.folder, self.port, number, all, self.programs, self.wrapper)
                return self.state.withLock { $0.process = process }
            } catch {
                // After a kill, its children hold the shared memory for as long as they need to notice.
                tries += 1
                guard tries < 100 else { throw error }
                usleep(100_000)
            }
        }
    }

    /// Turns a standby into a server of its own and waits for that.
    ///
    /// - Throws: ``NotStarted``.
    public func promote() throws {
        try Self.finish(self.programs.command("pg_ctl", ["promote", "-w", "-D", Self.data(self.folder)]), self.folder)
    }

    private static func data(_ folder: URL) -> String { folder.appending(path: "data").path }

    private static func logFile(_ folder: URL, _ number: Int) -> URL { folder.appending(path: "server-\(number).log") }

    private static func makeCluster(
        in folder: URL,
        _ user: String,
        _ password: String,
        _ programs: PostgresPrograms
    ) throws {
        let passwordFile = folder.appending(path: "password").path
        try Data(password.utf8).write(to: URL(filePath: passwordFile))
        try programs.giveAway(passwordFile)
        let arguments = [
            "-D", self.data(folder), "-U", user, "-A", "scram-sha-256", "--pwfile", passwordFile, "--no-sync",
            "-E", "UTF8", "--locale=C",
        ]
        try self.finish(programs.command("initdb", arguments), folder)
        try FileManager.default.removeItem(atPath: passwordFile)
    }

    private static func copy(_ primary: PostgresServer, to folder: URL, _ programs: PostgresPrograms) throws {
        // The password goes into the standby's own configuration, which only its user reads.
        let source = "host=127.0.0.1 port=\(primary.port) user=\(primary.user) password=\(primary.password)"
        let arguments = ["-D", self.data(folder), "-d", source, "-R", "-X", "stream", "-c", "fast", "--no-sync"]
        try self.finish(programs.command("pg_basebackup", arguments), folder)
    }

    private static func install(
        _ chain: [UInt8],
        _ key: [UInt8],
        in folder: URL,
        _ programs: PostgresPrograms
    ) throws -> [String: String] {
        let (chainFile, keyFile) = (folder.appending(path: "server.pem"), folder.appending(path: "server.key"))
        for (octets, file) in [(chain, chainFile), (key, keyFile)] {
            try Data(octets).write(to: file)
            guard chmod(file.path, 0o600) == 0 else {
                throw NotStarted(description: "\(file.path) cannot be protected")
            }
            try programs.giveAway(file.path)
        }
        return ["ssl": "on", "ssl_cert_file": chainFile.path, "ssl_key_file": keyFile.path]
    }

    private static func finish(_ command: [String], _ folder: URL) throws {
        let errors = folder.appending(path: "program.log").path
        let process = try FixtureProcess(command, errorFile: errors)
        guard process.wait() == 0 else {
            throw NotStarted(description: try String(contentsOfFile: errors, encoding: .utf8))
        }
    }

    private static func firstRun(
        _ folder: URL,
        _ settings: [String: String],
        _ programs: PostgresPrograms,
        _ wrapper: [String]
    ) throws -> (FixtureProcess, UInt16) {
        for _ in 1..<5 {
            let port = FreePort.find()
            // Somebody else may have taken the port meanwhile.
            if let process = try? self.run(folder, port, 0, settings, programs, wrapper) { return (process, port) }
        }
        let port = FreePort.find()
        return (try self.run(folder, port, 0, settings, programs, wrapper), port)
    }

    /// Starts a server and waits until its file says that it is ready, half a minute at most.
    private static func run(
        _ folder: URL,
        _ port: UInt16,
        _ number: Int,
        _ settings: [String: String],
        _ programs: PostgresPrograms,
        _ wrapper: [String]
    ) throws -> FixtureProcess {
        var arguments = ["-D", self.data(folder), "-p", "\(port)", "-h", "127.0.0.1", "-k", folder.path]
        for (name, value) in settings { arguments += ["-c", "\(name)=\(value)"] }
        let log = self.logFile(folder, number)
        let process = try FixtureProcess(programs.command("postgres", arguments, in: wrapper), errorFile: log.path)
        let statusFile = self.data(folder) + "/postmaster.pid"
        for _ in 0..<3_000 {
            if let status = try? String(contentsOfFile: statusFile, encoding: .utf8) {
                let lines = status.split(separator: "\n", omittingEmptySubsequences: false)
                // The file of a server that was killed is still there.
                if lines.count > 7, lines[0] == "\(process.identifier)",
                    lines[7].hasPrefix("ready") || lines[7].hasPrefix("standby")
                {
                    return process
                }
            }
            guard process.poll() == nil else { throw NotStarted(description: Self.lastWords(log)) }
            usleep(10_000)
        }
        process.kill()
        throw NotStarted(description: "the server is not ready after half a minute: " + Self.lastWords(log))
    }

    private static func lastWords(_ log: URL) -> String {
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? "it has no log"
        return text.split(separator: "\n").suffix(10).joined(separator: "\n")
    }
}

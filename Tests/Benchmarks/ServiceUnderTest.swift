internal import CurlKit
internal import EnrollmentTestKit
internal import Foundation

/// A fresh place of the service: configuration, authority, store, and the running process.
final class ServiceUnderTest {
    /// The algorithm of issuer, root and TLS certificate, as `gatehouse init` names it.
    enum Algorithm: String, CaseIterable {
        case p256 = "ecdsa-p256"
        case rsa2048 = "rsa-2048"

        /// As figures are named.
        var word: String { self == .p256 ? "p256" : "rsa2048" }
    }

    /// Where the service keeps its ledger.
    enum Store {
        case sqlite
        case postgres(PostgresDatabase)
    }

    let folder: URL
    /// Where devices go: the service's own port, or that of the balancer before several replicas.
    let port: Int
    let plainPort: Int
    /// CRLs of each issuer.
    let shards: Int
    /// PEM.
    private(set) var root: [UInt8] = []
    private let binary: String
    private let environment: [String: String]
    /// Beside the service's own port, one for each further replica.
    private let replicas: [Replica]
    private var processes: [Process] = []
    private var balancer: FixtureProcess?

    /// One process of the service, by its configuration.
    private struct Replica {
        let number: Int
        let port: Int
        let plainPort: Int
        let adminPort: Int
    }

    var adminAddress: String { "https://localhost:\(self.replicas[0].adminPort)" }
    var address: String { "https://localhost:\(self.port)" }
    var plainAddress: String { "http://localhost:\(self.plainPort)" }
    var identifier: pid_t { self.identifiers.first ?? 0 }
    /// Of every replica.
    var identifiers: [pid_t] { self.processes.map(\.processIdentifier) }
    var storePath: String { self.folder.appending(path: "gatehouse.db").path }
    var profilePath: String { self.folder.appending(path: "profiles/device.json5").path }
    var passphrasePath: String { self.folder.appending(path: "passphrase").path }
    var configurationPath: String { self.configurationPath(of: 0) }

    private func configurationPath(of replica: Int) -> String {
        self.folder.appending(path: replica == 0 ? "gatehouse.json5" : "gatehouse-\(replica).json5").path
    }

    /// Founds an authority; nothing runs yet.
    ///
    /// - Parameters:
    ///   - bench: Where the directory and the binary are.
    ///   - algorithm: Of every key of the authority and of TLS.
    ///   - environment: Added to the service's own.
    ///   - shards: Into how many CRLs an issuer's certificates are divided.
    ///   - store: Where the ledger is kept.
    ///   - replicas: How many processes serve it; several get a balancer of connections before them.
    ///   - handOff: The configuration's section of that name, with a comma behind it.
    /// - Throws: ``BenchmarkProblem`` with the words of `gatehouse init`.
    init(
        _ bench: Bench,
        _ algorithm: Algorithm,
        environment: [String: String] = [:],
        shards: Int = 8,
        store: Store = .sqlite,
        replicas: Int = 1,
        handOff: String = ""
    ) async throws {
        let slapd = try bench.directory()
        self.folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-bench-\(UUID().uuidString)")
        self.binary = bench.binary
        self.environment = environment
        let (port, plainPort) = (try Self.freePort(), try Self.freePort())
        self.port = port
        self.plainPort = plainPort
        self.shards = shards
        // A single one listens where devices go; before several, that is where the balancer listens.
        self.replicas =
            replicas == 1
            ? [Replica(number: 0, port: port, plainPort: plainPort, adminPort: try Self.freePort())]
            : try (0..<replicas).map { number in
                Replica(
                    number: number,
                    port: try Self.freePort(),
                    plainPort: try Self.freePort(),
                    adminPort: try Self.freePort()
                )
            }
        let profiles = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "PKI/profiles")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: profiles, to: self.folder.appending(path: "profiles"))
        let password = self.folder.appending(path: "service.password")
        try Data(try slapd.servicePassword().utf8).write(to: password)
        chmod(password.path, 0o600)
        for replica in self.replicas {
            let listeners = """
                device: { address: "127.0.0.1", port: \(replica.port) },
                plain: { address: "127.0.0.1", port: \(replica.plainPort) },
                admin: { address: "127.0.0.1", port: \(replica.adminPort) },
                """
            let text = self.configuration(
                slapd,
                listeners: listeners,
                store: Self.section(store),
                handOff: handOff
            )
            try Data(text.utf8).write(to: URL(filePath: self.configurationPath(of: replica.number)))
        }
        if case .postgres(let database) = store {
            let file = self.folder.appending(path: "store.password")
            try Data(database.password.utf8).write(to: file)
            chmod(file.path, 0o600)
        }
        let outcome = try await ExternalCommand.run(
            self.binary,
            [
                "init", "--config", self.configurationPath, "--algorithm", algorithm.rawValue, "--tls-algorithm",
                algorithm.rawValue, "--json",
            ],
            seconds: 60
        )
        guard outcome.status == 0, let begin = outcome.output.firstIndex(of: "{") else {
            throw BenchmarkProblem("gatehouse init: \(outcome.output)")
        }
        let made = try JSONDecoder().decode(Made.self, from: Data(outcome.output[begin...].utf8))
        self.root = Array(made.root.pem.utf8)
    }

    private struct Made: Decodable {
        struct Certificate: Decodable { let pem: String }
        let root: Certificate
    }

    deinit {
        for process in self.processes where process.isRunning { kill(process.processIdentifier, SIGKILL) }
        self.balancer?.kill()
        // A folder left behind is a nuisance, not a failure.
        try? FileManager.default.removeItem(at: self.folder)
    }

    /// Starts the service and waits for its first answer.
    ///
    /// - Returns: Milliseconds from the start of the process to the answer; of several, of the slowest.
    @discardableResult
    func start() throws -> Double {
        let slowest = try self.replicas.map { try self.start($0) }.max() ?? 0
        if self.replicas.count > 1 { try self.startBalancer() }
        return slowest
    }

    private func start(_ replica: Replica) throws -> Double {
        let process = Process()
        process.executableURL = URL(filePath: self.binary)
        process.arguments = ["serve", "--config", self.configurationPath(of: replica.number)]
        process.environment = ProcessInfo.processInfo.environment.merging(self.environment) { _, new in new }
        let log = self.folder.appending(path: "serve-\(replica.number).log")
        try Data().write(to: log)
        process.standardError = try FileHandle(forWritingTo: log)
        process.standardInput = FileHandle.nullDevice
        let begin = ContinuousClock.now
        try Self.withSignalsUnblocked { try process.run() }
        self.processes.append(process)
        if try self.answers(on: replica.port, from: begin, while: { process.isRunning }) {
            return begin.duration(to: .now) / .milliseconds(1)
        }
        throw BenchmarkProblem("the service does not answer: \(try String(contentsOf: log, encoding: .utf8))")
    }

    private func answers(on port: Int, from begin: ContinuousClock.Instant, while isAlive: () -> Bool) throws -> Bool {
        let session = try CurlSession(self.options)
        while begin.duration(to: .now) < .seconds(60), isAlive() {
            do throws(CurlError) {
                let address = "https://localhost:\(port)/EnrollmentServer/Discovery.svc"
                if try session.perform(.get(address)).status == 200 { return true }
            } catch {
                usleep(1_000)
            }
        }
        return false
    }

    /// HAProxy hands connections to the replicas in turn and looks into none of them.
    private func startBalancer() throws {
        let servers = self.replicas.map { "    server replica\($0.number) 127.0.0.1:\($0.port)\n" }.joined()
        let text = """
            defaults
                mode tcp
                timeout connect 5s
                timeout client 60s
                timeout server 60s
            listen devices
                bind 127.0.0.1:\(self.port)
                balance roundrobin
            \(servers)
            """
        let file = self.folder.appending(path: "haproxy.cfg")
        try Data(text.utf8).write(to: file)
        let balancer = try FixtureProcess(["haproxy", "-db", "-f", file.path])
        self.balancer = balancer
        guard try self.answers(on: self.port, from: .now, while: { kill(balancer.identifier, 0) == 0 }) else {
            throw BenchmarkProblem("haproxy does not answer")
        }
    }

    /// Children inherit the mask of the thread that starts them, and the threads of a pool block every signal.
    private static func withSignalsUnblocked(_ body: () throws -> Void) rethrows {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    /// Stops the service and waits for its end.
    func stop() {
        self.balancer?.kill()
        self.balancer = nil
        for process in self.processes { process.terminate() }
        for process in self.processes { process.waitUntilExit() }
        self.processes = []
    }

    /// Processor time of all replicas so far, in milliseconds.
    var milliseconds: Double {
        get throws { try self.identifiers.map { try ProcessCost(of: $0).milliseconds }.reduce(0, +) }
    }

    var discovery: String { "\(self.address)/EnrollmentServer/Discovery.svc" }

    /// A client that trusts this authority alone.
    var options: CurlOptions {
        var options = CurlOptions()
        options.trustedAuthorities = self.root
        return options
    }

    /// Server processor time, in milliseconds, for what `body` does.
    func cost(of body: () async throws -> Void) async throws -> Double {
        let before = try ProcessCost(of: self.identifier).milliseconds
        try await body()
        return try ProcessCost(of: self.identifier).milliseconds - before
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
            }
        }
        guard status == 0 else { throw BenchmarkProblem("no port is free") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

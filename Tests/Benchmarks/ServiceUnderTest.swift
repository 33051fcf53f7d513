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

    let folder: URL
    let port: Int
    let plainPort: Int
    /// CRLs of each issuer.
    let shards: Int
    let root: [UInt8]
    private let binary: String
    private let environment: [String: String]
    private var process = Process()

    var address: String { "https://localhost:\(self.port)" }
    var plainAddress: String { "http://localhost:\(self.plainPort)" }
    var identifier: pid_t { self.process.processIdentifier }
    var storePath: String { self.folder.appending(path: "gatehouse.db").path }
    var profilePath: String { self.folder.appending(path: "profiles/device.json5").path }
    var passphrasePath: String { self.folder.appending(path: "passphrase").path }
    var configurationPath: String { self.folder.appending(path: "gatehouse.json5").path }

    /// Founds an authority; nothing runs yet.
    ///
    /// - Parameters:
    ///   - bench: Where the directory and the binary are.
    ///   - algorithm: Of every key of the authority and of TLS.
    ///   - environment: Added to the service's own.
    ///   - shards: Into how many CRLs an issuer's certificates are divided.
    /// - Throws: ``BenchmarkProblem`` with the words of `gatehouse init`.
    init(
        _ bench: Bench,
        _ algorithm: Algorithm,
        environment: [String: String] = [:],
        shards: Int = 8
    ) async throws {
        let slapd = try bench.directory()
        self.folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-bench-\(UUID().uuidString)")
        self.binary = bench.binary
        self.environment = environment
        self.port = try Self.freePort()
        self.shards = shards
        self.plainPort = try Self.freePort()
        let profiles = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "PKI/profiles")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: profiles, to: self.folder.appending(path: "profiles"))
        let password = self.folder.appending(path: "service.password")
        try Data(try slapd.servicePassword().utf8).write(to: password)
        chmod(password.path, 0o600)
        let text = """
            {
                urls: { device: "https://localhost:\(self.port)", pki: "http://localhost:\(self.plainPort)" },
                listeners: {
                    device: { address: "127.0.0.1", port: \(self.port) },
                    plain: { address: "127.0.0.1", port: \(self.plainPort) },
                },
                store: { kind: "sqlite", path: "gatehouse.db" },
                keys: { passphrase: { file: "passphrase" } },
                authority: { profiles: "profiles", crlShards: \(shards) },
                directory: {
                    servers: ["\(slapd.tlsURL)"], security: "tls", caFile: "\(slapd.caFile)", base: "\(slapd.base)",
                    serviceAccount: { name: "\(slapd.serviceName)", password: { file: "service.password" } },
                },
                admission: { groups: [] },
                // Longer than certificates live: each may be renewed at once.
                renewal: { windowDays: 1096, triesPerDay: 100000 },
                deviceLimit: { default: 100000, staleAfterDays: 90 },
                discovery: { default: "on-premise", domains: {} },
                management: { providerId: "Gatehouse", name: "Bench", address: "https://localhost:9443/omadm" },
            }
            """
        let configuration = self.folder.appending(path: "gatehouse.json5")
        try Data(text.utf8).write(to: configuration)
        let outcome = try await ExternalCommand.run(
            self.binary,
            [
                "init", "--config", configuration.path, "--algorithm", algorithm.rawValue, "--tls-algorithm",
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
        if self.process.isRunning { kill(self.process.processIdentifier, SIGKILL) }
        // A folder left behind is a nuisance, not a failure.
        try? FileManager.default.removeItem(at: self.folder)
    }

    /// Starts the service and waits for its first answer.
    ///
    /// - Returns: Milliseconds from the start of the process to the answer.
    @discardableResult
    func start() throws -> Double {
        let process = Process()
        process.executableURL = URL(filePath: self.binary)
        process.arguments = ["serve", "--config", self.configurationPath]
        process.environment = ProcessInfo.processInfo.environment.merging(self.environment) { _, new in new }
        let log = self.folder.appending(path: "serve.log")
        try Data().write(to: log)
        process.standardError = try FileHandle(forWritingTo: log)
        process.standardInput = FileHandle.nullDevice
        let begin = ContinuousClock.now
        try Self.withSignalsUnblocked { try process.run() }
        self.process = process
        let session = try CurlSession(self.options)
        while begin.duration(to: .now) < .seconds(60), process.isRunning {
            do throws(CurlError) {
                if try session.perform(.get(self.discovery)).status == 200 {
                    return begin.duration(to: .now) / .milliseconds(1)
                }
            } catch {
                usleep(1_000)
            }
        }
        throw BenchmarkProblem("the service does not answer: \(try String(contentsOf: log, encoding: .utf8))")
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
        self.process.terminate()
        self.process.waitUntilExit()
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

internal import DeviceSimulator
internal import EnrollmentTestKit
internal import Foundation
internal import Synchronization

/// What benchmarks share: the directory, the stock of keys, where figures go.
final class Bench: Sendable {
    private struct State {
        var figures: [Figure] = []
        var directory: Slapd?
        var postgres: PostgresServer?
        var keys: [DeviceKey] = []
        var devices = 400
        var rounds = 3
        var fleet = 100_000
        var sizes = [10_000, 1_000_000]
        var filled: String?
    }

    /// People in the directory; devices are spread over them.
    static let users = 50
    /// Enrollments before the clock starts: connections are made, pages cached, statements prepared.
    static let warmUp = 40

    /// The service, built for release and beside this program.
    let binary: String
    private let state = Mutex(State())

    init() throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        self.binary = URL(filePath: own).deletingLastPathComponent().appending(path: "gatehouse").path
        guard FileManager.default.isExecutableFile(atPath: self.binary) else {
            throw BenchmarkProblem("there is no \(self.binary): swift build -c release", status: 2)
        }
    }

    var devices: Int {
        get { self.state.withLock { $0.devices } }
        set { self.state.withLock { $0.devices = newValue } }
    }

    var rounds: Int {
        get { self.state.withLock { $0.rounds } }
        set { self.state.withLock { $0.rounds = newValue } }
    }

    var fleet: Int {
        get { self.state.withLock { $0.fleet } }
        set { self.state.withLock { $0.fleet = newValue } }
    }

    /// How many certificates databases are filled with, one after the other.
    var sizes: [Int] {
        get { self.state.withLock { $0.sizes } }
        set { self.state.withLock { $0.sizes = newValue } }
    }

    /// A database that `Fill.sql` has filled already, as libpq takes it.
    var filled: String? {
        get { self.state.withLock { $0.filled } }
        set { self.state.withLock { $0.filled = newValue } }
    }

    var figures: [Figure] { self.state.withLock { $0.figures } }

    /// Prints a figure at once and keeps it for the report.
    func add(_ figure: Figure) {
        print(figure.line)
        fflush(nil)
        self.state.withLock { $0.figures.append(figure) }
    }

    /// The directory that all services of this run ask; started on first use, ended with this process.
    func directory() throws -> Slapd {
        try self.state.withLock { state in
            if let directory = state.directory { return directory }
            let directory = try Slapd(users: Self.users)
            state.directory = directory
            return directory
        }
    }

    /// The PostgreSQL server of this run, whose commits wait for the disk; started on first use, ended with this process.
    func postgres() throws -> PostgresServer {
        try self.state.withLock { state in
            if let postgres = state.postgres { return postgres }
            let postgres = try PostgresServer(settings: PostgresCost.settings, fsync: true)
            state.postgres = postgres
            return postgres
        }
    }

    var people: [SimulatedUser] {
        (1...Self.users).map { number in
            let uid = Self.uid(number)
            return SimulatedUser(name: "\(uid)@corp.example", password: "\(uid)-password")
        }
    }

    static func uid(_ number: Int) -> String {
        "user" + String(String(100_000 + number).dropFirst())
    }

    /// RSA-2048 keys for devices, made once: a fresh store knows none of them.
    func keys(_ count: Int) throws -> [DeviceKey] {
        let known = self.state.withLock { $0.keys }
        guard known.count < count else { return Array(known.prefix(count)) }
        let made = Mutex<[DeviceKey]>([])
        try Threads.run(count - known.count, workers: 2, state: { () }) { _, _ in
            let key = try DeviceKey.generate(bits: 2_048)
            made.withLock { $0.append(key) }
        }
        let keys = known + made.withLock { $0 }
        self.state.withLock { $0.keys = keys }
        return keys
    }

    /// Processor and number of cores.
    static var machine: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = text.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last
        return "\(ProcessInfo.processInfo.activeProcessorCount) × "
            + (model?.trimmingCharacters(in: .whitespaces) ?? "unknown processor")
    }
}

import EnrollmentTestKit
import Foundation
import Glibc

/// An installation of its own in a temporary folder: configuration, authority and store.
final class Place: Sendable {
    /// What one test wants otherwise than another.
    struct Settings: Sendable {
        var deviceLimit = 10
        /// Groups by their short names; empty admits everybody.
        var admitted: [String] = []
        /// Instead of the authority that the directory's certificate leads to.
        var directoryAuthority: String?
        /// Goes into the configuration as it is.
        var more = ""
        /// Whether the test moves the clock of what it starts.
        var movesClock = false
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let host = "enterpriseenrollment.corp.example"

    let folder: URL
    let directory: Slapd
    let port: Int
    let plainPort: Int
    /// The clock of everything that runs here; `nil` is the machine's.
    let clock: MovedClock?

    /// Writes the configuration and runs `gatehouse init`.
    init(_ settings: Settings, directory: Slapd) async throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-e2e-\(UUID().uuidString)")
        self.directory = directory
        self.port = FreePort.choose()
        self.plainPort = FreePort.choose()
        try FileManager.default.createDirectory(
            at: self.folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        self.clock = settings.movesClock ? try MovedClock(in: self.folder) : nil
        try self.write(settings)
        let outcome = try await self.command("init")
        guard outcome.status == 0 else { throw Failure(description: outcome.output) }
        let root = try await self.certificates().first { $0.profile == "root/1" }?.pem ?? ""
        try Data(root.utf8).write(to: self.rootFile)
    }

    deinit {
        // A folder left behind is a nuisance, not a failure.
        try? FileManager.default.removeItem(at: self.folder)
    }

    var configuration: URL { self.folder.appending(path: "gatehouse.json5") }
    var database: String { self.folder.appending(path: "gatehouse.db").path }
    /// The root that devices trust, as PEM.
    var rootFile: URL { self.folder.appending(path: "root.pem") }
    var url: String { "https://\(Self.host):\(self.port)" }
    /// Where CRLs, OCSP answers and issuers are, as certificates name it.
    var plainURL: String { "http://\(Self.host):\(self.plainPort)" }

    /// The built program, beside the running test program.
    static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "gatehouse").path

    /// The profiles that come with the product.
    static let profiles = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "PKI/profiles")

    /// Writes the configuration anew.
    func write(_ settings: Settings) throws {
        let groups = settings.admitted.map { "\"\(self.directory.group($0))\"" }.joined(separator: ", ")
        try self.write(
            """
            {
                urls: { device: "\(self.url)", pki: "http://\(Self.host):\(self.plainPort)" },
                listeners: {
                    device: { address: "127.0.0.1", port: \(self.port) },
                    plain: { address: "127.0.0.1", port: \(self.plainPort) },
                },
                store: { kind: "sqlite", path: "gatehouse.db" },
                keys: { passphrase: { file: "passphrase" } },
                authority: { profiles: "\(Self.profiles.path)" },
                directory: {
                    servers: ["\(self.directory.tlsURL)"],
                    security: "tls",
                    caFile: "\(settings.directoryAuthority ?? self.directory.caFile)",
                    base: "\(self.directory.base)",
                    serviceAccount: {
                        name: "\(self.directory.serviceName)",
                        password: { file: "\(try self.passwordFile())" },
                    },
                    domains: { CORP: "\(self.directory.base)" },
                },
                admission: { groups: [\(groups)] },
                deviceLimit: { default: \(settings.deviceLimit) },
                management: { providerId: "Gatehouse", name: "Test", address: "https://mdm.corp.example/omadm" },
                \(settings.more)
            }
            """
        )
    }

    /// Writes any text as the configuration.
    func write(_ text: String) throws {
        try Data(text.utf8).write(to: self.configuration)
    }

    private func passwordFile() throws -> String {
        let file = self.folder.appending(path: "service.password")
        let password = Data(try self.directory.servicePassword().utf8)
        let made = FileManager.default.createFile(
            atPath: file.path,
            contents: password,
            attributes: [.posixPermissions: 0o600]
        )
        guard made else { throw Failure(description: "\(file.path) cannot be written") }
        return file.path
    }

    /// Runs one command of the program on this place.
    func command(_ arguments: String...) async throws -> ExternalCommand.Outcome {
        try await self.command(arguments)
    }

    func command(_ arguments: [String]) async throws -> ExternalCommand.Outcome {
        let line = self.line(arguments + ["--config", self.configuration.path])
        return try await ExternalCommand.run(line[0], Array(line.dropFirst()), seconds: 30)
    }

    /// The program with these arguments, by this place's clock.
    func line(_ arguments: [String]) -> [String] {
        (self.clock?.prefix ?? []) + [Self.program] + arguments
    }
}

/// Ports that nothing listens on, below those that the system gives to outgoing connections.
enum FreePort {
    static func choose() -> Int {
        while true {
            let port = UInt16.random(in: 12_000..<32_000)
            if self.isFree(port) { return Int(port) }
        }
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafeBytes(of: &address) { octets in
            let pointer = octets.assumingMemoryBound(to: sockaddr.self).baseAddress
            return bind(descriptor, pointer, socklen_t(octets.count)) == 0
        }
    }
}

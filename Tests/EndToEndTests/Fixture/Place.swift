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
        /// Where devices find their management server.
        var managementAddress = "https://mdm.corp.example/omadm"
        /// Goes into the section on management as it is.
        var moreManagement = ""
        /// Goes into the configuration as it is.
        var more = ""
        /// Goes behind `gatehouse init`.
        var initOptions: [String] = []
        /// Whether the test moves the clock of what it starts.
        var movesClock = false
        /// Whether readiness and figures are to be had, on a listener of their own.
        var tellsStatus = false
    }

    /// Where a server listens.
    struct Seat: Sendable {
        var address = "127.0.0.1"
        let port: Int
        let plainPort: Int
        let adminPort: Int

        init() {
            self.port = Int(FreePort.find())
            self.plainPort = Int(FreePort.find())
            self.adminPort = Int(FreePort.find())
        }

        /// The same ports on another of the machine's own addresses.
        func replica(_ number: Int) -> Seat {
            var seat = self
            seat.address = "127.0.0.\(2 + number)"
            return seat
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let host = "enterpriseenrollment.corp.example"

    let folder: URL
    let directory: Slapd
    let seat: Seat
    let store: PlaceStore
    /// The clock of everything that runs here; `nil` is the machine's.
    let clock: MovedClock?

    /// Writes the configuration and runs `gatehouse init`.
    convenience init(_ settings: Settings, directory: Slapd, store: PlaceStore = .sqlite) async throws {
        try self.init(unfounded: settings, directory: directory, store: store)
        try await self.found(settings.initOptions)
    }

    /// Writes the configuration alone.
    ///
    /// - Parameters:
    ///   - settings: What the test wants.
    ///   - directory: Who may enroll.
    ///   - store: Where the ledger is.
    ///   - seat: Where the server listens.
    ///   - clock: Goes for several places.
    /// - Throws: When the folder cannot be written.
    init(
        unfounded settings: Settings,
        directory: Slapd,
        store: PlaceStore,
        seat: Seat = Seat(),
        clock: MovedClock? = nil
    ) throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-e2e-\(UUID().uuidString)")
        self.directory = directory
        self.store = store
        self.seat = seat
        try FileManager.default.createDirectory(
            at: self.folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        self.clock = try clock ?? (settings.movesClock ? MovedClock(in: self.folder) : nil)
        try self.write(settings)
    }

    /// Runs `gatehouse init`, and keeps the root.
    func found(_ options: [String] = []) async throws {
        let outcome = try await self.command(["init"] + options)
        guard outcome.status == 0 else { throw Failure(description: outcome.output) }
        try await self.keepRoot()
    }

    /// Writes the root that devices trust into its file.
    func keepRoot() async throws {
        let root = try await self.certificates().first { $0.profile == "root/2" }?.pem ?? ""
        try Data(root.utf8).write(to: self.rootFile)
    }

    deinit {
        // A folder left behind is a nuisance, not a failure.
        try? FileManager.default.removeItem(at: self.folder)
    }

    var port: Int { self.seat.port }
    var plainPort: Int { self.seat.plainPort }
    var configuration: URL { self.folder.appending(path: "gatehouse.json5") }
    /// The root that devices trust, as PEM.
    var rootFile: URL { self.folder.appending(path: "root.pem") }
    var url: String { "https://\(Self.host):\(self.port)" }
    /// Where CRLs, OCSP answers and issuers are, as certificates name it.
    var plainURL: String { "http://\(Self.host):\(self.plainPort)" }

    /// Where the device listener is, in libcurl's words.
    var resolution: String { "\(Self.host):\(self.port):\(self.seat.address)" }
    /// Where the plain listener is, in libcurl's words.
    var plainResolution: String { "\(Self.host):\(self.plainPort):\(self.seat.address)" }

    /// The built program, beside the running test program.
    static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "gatehouse").path

    /// The profiles that come with the product.
    static let profiles = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "PKI/profiles")

    /// Writes the configuration anew.
    func write(_ settings: Settings) throws {
        let groups = settings.admitted.map { "\"\(self.directory.group($0))\"" }.joined(separator: ", ")
        let seat = self.seat
        let admin =
            settings.tellsStatus ? "admin: { address: \"\(seat.address)\", port: \(seat.adminPort) }," : ""
        try self.write(
            """
            {
                urls: { device: "\(self.url)", pki: "http://\(Self.host):\(self.plainPort)" },
                listeners: {
                    device: { address: "\(self.seat.address)", port: \(self.port) },
                    plain: { address: "\(self.seat.address)", port: \(self.plainPort) },
                    \(admin)
                },
                store: \(try self.storeSection()),
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
                management: {
                    providerId: "Gatehouse", name: "Test", address: "\(settings.managementAddress)",
                    \(settings.moreManagement)
                },
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
        try self.keep(secret: try self.directory.servicePassword(), as: "service.password")
    }

    /// Writes a secret into a file of this place that only its owner reads.
    func keep(secret: String, as name: String) throws -> String {
        let file = self.folder.appending(path: name)
        let made = FileManager.default.createFile(
            atPath: file.path,
            contents: Data(secret.utf8),
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

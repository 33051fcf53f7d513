internal import Foundation

/// A real OpenLDAP server with made-up people, in a temporary folder, ended at the latest with this process.
///
/// `Scripts/throwaway-directory` starts it and says who is in it: everybody's password is the uid and `-password`.
public final class Slapd: Sendable {
    /// The script could not start a server.
    public struct NotStarted: Error, CustomStringConvertible {
        public let description: String
    }

    private let folder: URL
    private let facts: [String: String]

    /// Starts a server and waits until it answers.
    ///
    /// - Parameters:
    ///   - users: How many generated people (`user00001`, …) to add.
    ///   - other: A server whose service account's password this one shares, as a replica does.
    /// - Throws: ``NotStarted`` with the script's words.
    public init(users: Int = 0, like other: Slapd? = nil) throws {
        self.folder = FileManager.default.temporaryDirectory
            .appending(path: "gatehouse-slapd-\(UUID().uuidString)", directoryHint: .isDirectory)
        let likeness = other.map { ["--like", $0.folder.path] } ?? []
        try Self.run(
            ["--users", "\(users)", "--parent", "\(getpid())", self.folder.path] + likeness,
            in: self.folder
        )
        let output = try String(contentsOf: self.folder.appending(path: "directory.env"), encoding: .utf8)
        var facts: [String: String] = [:]
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { facts[String(parts[0])] = String(parts[1]) }
        }
        self.facts = facts
    }

    deinit {
        self.stop()
        // A folder left behind is a nuisance, not a failure.
        try? FileManager.default.removeItem(at: self.folder)
    }

    private static let one = Result { try Slapd() }

    /// The server that suites share as long as they do not stop it.
    ///
    /// - Returns: The same server in the whole process.
    /// - Throws: ``NotStarted``.
    public static func shared() throws -> Slapd {
        try self.one.get()
    }

    public var url: String { self.fact("URL") }
    public var tlsURL: String { self.fact("TLS_URL") }
    /// The same server under an address that its certificate does not name.
    public var misnamedTLSURL: String { self.fact("MISNAMED_TLS_URL") }
    public var caFile: String { self.fact("CA_FILE") }
    /// An authority that has not issued the server's certificate.
    public var otherCAFile: String { self.fact("OTHER_CA_FILE") }
    public var base: String { self.fact("BASE_DN") }
    /// The service account's distinguished name.
    public var serviceName: String { self.fact("BIND_DN") }

    /// The service account's password.
    ///
    /// - Throws: When the folder is gone.
    public func servicePassword() throws -> String {
        try String(contentsOfFile: self.fact("PASSWORD_FILE"), encoding: .utf8)
    }

    /// The distinguished name of one of the people that are named by uid.
    public func person(_ uid: String) -> String { "uid=\(uid),ou=people,\(self.base)" }

    /// The distinguished name of a group.
    public func group(_ name: String) -> String { "cn=\(name),ou=groups,\(self.base)" }

    /// Changes the content as the directory's administrator.
    ///
    /// - Parameter records: Change records (RFC 2849), `dn: …` and `changetype: …` each.
    /// - Throws: ``NotStarted`` with the words of `ldapmodify` when the directory refuses.
    public func change(_ records: String) async throws {
        let administrator = ["-D", "cn=admin,\(self.base)", "-y", self.folder.appending(path: "admin.password").path]
        let arguments = ["-x", "-H", self.url] + administrator
        let outcome = try await ExternalCommand.run("ldapmodify", arguments, input: records)
        guard outcome.status == 0 else { throw NotStarted(description: outcome.output) }
    }

    /// Ends the server; its data and ports stay for ``start()``.
    public func stop() {
        // Ending a server that has ended already is no failure.
        try? Self.run(["--stop", self.folder.path], in: self.folder)
    }

    /// Starts the server again on the same ports.
    ///
    /// - Throws: ``NotStarted``.
    public func start() throws {
        try Self.run(["--parent", "\(getpid())", self.folder.path], in: self.folder)
    }

    private func fact(_ key: String) -> String {
        guard let value = self.facts[key] else { preconditionFailure("the script printed no \(key)") }
        return value
    }

    private static func run(_ arguments: [String], in folder: URL) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let script = root.appending(path: "Scripts/throwaway-directory").path
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let errors = folder.appending(path: "script.log")
        let child = try FixtureProcess([script] + arguments, errorFile: errors.path)
        guard child.wait() == 0 else {
            throw NotStarted(description: try String(contentsOf: errors, encoding: .utf8))
        }
    }
}

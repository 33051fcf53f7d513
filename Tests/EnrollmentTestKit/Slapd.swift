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
    /// - Parameter users: How many generated people (`user00001`, …) to add.
    /// - Throws: ``NotStarted`` with the script's words.
    public init(users: Int = 0) throws {
        self.folder = FileManager.default.temporaryDirectory
            .appending(path: "gatehouse-slapd-\(UUID().uuidString)", directoryHint: .isDirectory)
        let output = try Self.run(["--users", "\(users)", "--parent", "\(getpid())", self.folder.path])
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

    /// Ends the server; its data and ports stay for ``start()``.
    public func stop() {
        // Ending a server that has ended already is no failure.
        _ = try? Self.run(["--stop", self.folder.path])
    }

    /// Starts the server again on the same ports.
    ///
    /// - Throws: ``NotStarted``.
    public func start() throws {
        _ = try Self.run(["--parent", "\(getpid())", self.folder.path])
    }

    private func fact(_ key: String) -> String {
        guard let value = self.facts[key] else { preconditionFailure("the script printed no \(key)") }
        return value
    }

    private static func run(_ arguments: [String]) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let process = Process()
        process.executableURL = root.appending(path: "Scripts/throwaway-directory")
        process.arguments = arguments
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw NotStarted(description: String(decoding: said, as: UTF8.self))
        }
        return String(decoding: printed, as: UTF8.self)
    }
}

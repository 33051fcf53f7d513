import EnrollmentTestKit
import Foundation

/// A management server that takes events, and does what a test wants with them: `event_sink.py`.
final class EventSink: Sendable {
    /// What it does with an event whose signature is right.
    enum Behavior: Sendable {
        case status(Int)
        /// Takes it, and answers when nobody waits any more.
        case late
        /// Takes it, and cuts the connection.
        case reset

        fileprivate var text: String {
            switch self {
            case .status(let status): "\(status)"
            case .late: "late"
            case .reset: "reset"
            }
        }
    }

    /// One event as it was taken, perhaps for the second time.
    struct Taken: Decodable, Hashable, Sendable {
        let id: String
        let header: String
        let type: String
        let subject: String?
        let generation: Int?
        let serial: String?
        /// Which of the secrets signed it.
        let secret: Int

        /// Without the prefix that all have.
        var kind: String { String(self.type.split(separator: ".").last ?? "") }
    }

    let folder: URL
    let port: Int
    private let process: FixtureProcess

    /// Starts it; it takes everything.
    init() async throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-sink-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        self.port = Int(FreePort.find())
        let made = try await ExternalCommand.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-keyout",
                self.folder.appending(path: "key.pem").path, "-out", self.folder.appending(path: "cert.pem").path,
            ]
        )
        guard made.status == 0 else { throw Place.Failure(description: made.output) }
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "event_sink.py").path
        try Data(EventSink.secret(0).utf8).write(to: self.folder.appending(path: "secrets"))
        try Data("200".utf8).write(to: self.folder.appending(path: "behavior"))
        self.process = try FixtureProcess(
            ["python3", script, self.folder.path, "\(self.port)"],
            errorFile: self.folder.appending(path: "errors").path
        )
        let ready = self.folder.appending(path: "ready").path
        for _ in 0..<1_000 where !FileManager.default.fileExists(atPath: ready) {
            try await Task.sleep(for: .milliseconds(20))
        }
        guard FileManager.default.fileExists(atPath: ready) else {
            let errors = try String(contentsOf: self.folder.appending(path: "errors"), encoding: .utf8)
            throw Place.Failure(description: "the sink does not start: \(errors)")
        }
    }

    deinit {
        self.process.kill()
        // A folder left behind is a nuisance, not a failure.
        try? FileManager.default.removeItem(at: self.folder)
    }

    /// The secret of that number, base64.
    static func secret(_ number: Int) -> String {
        Data((0..<32).map { UInt8(truncatingIfNeeded: $0 + 100 * number + 1) }).base64EncodedString()
    }

    func behave(_ behavior: Behavior) throws {
        try Data(behavior.text.utf8).write(to: self.folder.appending(path: "behavior"), options: .atomic)
    }

    /// From now on it believes whatever one of these secrets signed.
    func believe(_ secrets: [Int]) throws {
        let text = secrets.map { EventSink.secret($0) }.joined(separator: "\n")
        try Data(text.utf8).write(to: self.folder.appending(path: "secrets"), options: .atomic)
    }

    /// The configuration's section `handOff` that sends everything here, signed with these secrets.
    ///
    /// - Parameters:
    ///   - secrets: Their numbers.
    ///   - folder: Where the secrets are written to.
    ///   - more: Goes into the destination as it is.
    /// - Returns: The section with a comma behind it.
    /// - Throws: When a secret cannot be written.
    func section(keeping secrets: [Int] = [0], in folder: URL, more: String = "") throws -> String {
        let references = try secrets.map { number in
            let file = folder.appending(path: "webhook-\(number).secret")
            let made = FileManager.default.createFile(
                atPath: file.path,
                contents: Data("whsec_\(EventSink.secret(number))".utf8),
                attributes: [.posixPermissions: 0o600]
            )
            guard made else { throw Place.Failure(description: "\(file.path) cannot be written") }
            return "{ file: \"\(file.path)\" }"
        }
        return """
            handOff: { destinations: [{
                name: "sink", url: "https://localhost:\(self.port)/events",
                ca: "\(self.folder.appending(path: "cert.pem").path)", allowedAddresses: ["loopback"],
                secrets: [\(references.joined(separator: ", "))], account: "omit", timeoutSeconds: 2, \(more)
            }] },
            """
    }

    /// Everything it took, in the order in which it took it.
    func taken() throws -> [Taken] {
        let file = self.folder.appending(path: "events.jsonl")
        guard FileManager.default.fileExists(atPath: file.path) else { return [] }
        let decoder = JSONDecoder()
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
            try decoder.decode(Taken.self, from: Data(line.utf8))
        }
    }

    /// The same without repetitions: each event where it came first.
    func distinct() throws -> [Taken] {
        var seen: Set<String> = []
        return try self.taken().filter { seen.insert($0.id).inserted }
    }
}

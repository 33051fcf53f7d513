import EnrollmentTestKit
import Foundation
import Glibc
import Synchronization

/// The example receiver as an integrator runs it: `Examples/receiver/receiver.py` in a process of its own.
final class ExampleReceiver: Sendable {
    /// What the receiver has and what it is given.
    let folder: URL
    let port: Int
    private let process = Mutex<FixtureProcess?>(nil)

    static let host = "mdm.corp.example"

    /// Makes its certificate, its secret and its key for account secrets; it does not listen yet.
    init() async throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-receiver-\(UUID().uuidString)")
        self.port = Int(FreePort.find())
        let made = try await ExternalCommand.run("bash", ["-c", Self.making, self.folder.path])
        guard made.status == 0 else { throw Place.Failure(description: made.output) }
    }

    /// Its address, for devices.
    var address: String { "https://\(Self.host):\(self.port)/omadm" }
    /// Where that is, in libcurl's words.
    var resolution: String { "\(Self.host):\(self.port):127.0.0.1" }

    /// What a configuration says of it.
    var section: String {
        """
        handOff: {
            destinations: [{
                name: "mdm", url: "https://localhost:\(self.port)/events", secrets: [{ file: "\(self.path("secret"))" }],
                account: { key: "\(self.path("account.pem"))" }, ca: "\(self.path("ca.pem"))",
                allowedAddresses: ["loopback"],
            }],
        },
        """
    }

    deinit {
        // Only after a test that threw.
        self.process.withLock { process in
            guard let process else { return }
            Glibc.kill(process.identifier, SIGKILL)
            _ = process.wait()
        }
        // A folder left behind is a nuisance, not a failure.
        try? FileManager.default.removeItem(at: self.folder)
    }

    private static let making = """
        set -e
        umask 077
        mkdir -p "$0"
        cd "$0"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout ca.key -out ca.pem -subj /CN=MDM-CA \
            -days 30 -addext keyUsage=critical,keyCertSign
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout tls.key -out tls.pem -subj /CN=MDM \
            -days 30 -CA ca.pem -CAkey ca.key -addext basicConstraints=critical,CA:FALSE \
            -addext subjectAltName=DNS:mdm.corp.example,DNS:localhost
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out account.key
        openssl pkey -in account.key -pubout -out account.pem
        printf 'whsec_%s\\n' "$(openssl rand -base64 32)" > secret
        """

    /// With what the receiver reads secrets with.
    private static let python = EventReaders.python ?? "python3"

    private static let program = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Examples/receiver/receiver.py").path

    private func path(_ name: String) -> String { self.folder.appending(path: name).path }

    /// What commands that ask Gatehouse need.
    private func link(to place: Place) -> [String] {
        [
            "--store", self.path("inbox.db"), "--gatehouse",
            "https://\(Place.host):\(place.seat.adminPort)", "--gatehouse-at", place.seat.address,
            "--gatehouse-ca", place.rootFile.path, "--token", self.path("token"), "--account-key",
            self.path("account.key"),
        ]
    }

    /// Gets a token, and listens.
    func start(beside place: Place, _ more: String...) async throws {
        if !FileManager.default.fileExists(atPath: self.path("token")) {
            let token = try await place.run([
                "token", "create", "mdm", "--owner", "tests", "--expires-in", "1d", "--scope", "events:read", "--scope",
                "identities:read", "--scope", "contacts:write",
            ])
            guard token.status == 0 else { throw Place.Failure(description: token.errors) }
            try Data(token.output.utf8).write(to: self.folder.appending(path: "token"))
            try await self.waitForToken(place)
        }
        let output = self.path("port-\(UUID().uuidString)")
        let process = try FixtureProcess(
            [
                Self.python, "-B", Self.program, "serve", "--port", "\(self.port)", "--certificate",
                self.path("tls.pem"),
                "--key", self.path("tls.key"), "--device-roots", place.rootFile.path, "--secrets",
                self.path("secret"),
            ] + self.link(to: place) + more,
            outputFile: output,
            errorFile: self.path("log-\(UUID().uuidString).txt")
        )
        self.process.withLock { $0 = process }
        let script = "while kill -0 $1; do kill -0 $2 || exit 0; sleep 1; done 2> /dev/null; kill -9 $2"
        _ = try FixtureProcess(["/bin/sh", "-c", script, "watch", "\(getpid())", "\(process.identifier)"])
        _ = try process.firstLine(of: output)
    }

    /// A service that runs knows a new token within two seconds.
    private func waitForToken(_ place: Place) async throws {
        var said = ""
        for _ in 0..<100 {
            let pulled = try await ExternalCommand.run(
                Self.python,
                ["-B", Self.program, "pull"] + self.link(to: place)
            )
            if pulled.status == 0 { return }
            said = pulled.output
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Place.Failure(description: "the token does not count: \(said)")
    }

    /// Asks it to stop and waits.
    func stop() {
        self.process.withLock { process in
            guard let running = process else { return }
            Glibc.kill(running.identifier, SIGTERM)
            _ = running.wait()
            process = nil
        }
    }

    /// What it has received.
    func summary() async throws -> JSONDocument {
        let shown = try await ExternalCommand.run(
            Self.python,
            ["-B", Self.program, "show", "--store", self.path("inbox.db")]
        )
        guard shown.status == 0 else { throw Place.Failure(description: shown.output) }
        return try JSONDocument(parsing: shown.output)
    }

    /// PEM of the authority that devices have to trust.
    var authority: [UInt8] {
        get throws { try Array(Data(contentsOf: self.folder.appending(path: "ca.pem"))) }
    }

    /// What it has logged.
    var log: String {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: self.folder.path)) ?? []
        return files.filter { $0.hasPrefix("log-") }.compactMap {
            try? String(contentsOfFile: self.path($0), encoding: .utf8)
        }
        .joined()
    }
}

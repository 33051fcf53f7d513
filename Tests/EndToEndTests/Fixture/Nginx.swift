import EnrollmentTestKit
import Foundation
import Glibc

/// A web server that lets in whom Gatehouse vouches for: nginx with `auth_request`, as the example has it.
final class Nginx: Sendable {
    let port = Int(FreePort.find())
    private let process: FixtureProcess
    private let folder: URL

    /// - Parameters:
    ///   - gatehouse: Its admin listener is asked, as a verifier without a token.
    ///   - identity: PEM files of the certificate that it shows.
    /// - Throws: When it does not start.
    init(asking gatehouse: RunningGatehouse, as identity: (certificate: String, key: String)) async throws {
        let place = gatehouse.place
        self.folder = place.folder.appending(path: "nginx-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        let configuration = self.folder.appending(path: "nginx.conf")
        let text = try Self.configuration(self.folder.path, self.port, place, identity)
        try Data(text.utf8).write(to: configuration)
        self.process = try FixtureProcess(
            ["nginx", "-p", self.folder.path, "-c", configuration.path],
            errorFile: self.folder.appending(path: "start.log").path
        )
        try await gatehouse.wait("nginx listens") {
            try await ExternalCommand.run("curl", ["-sk", "https://127.0.0.1:\(self.port)/"]).status == 0
        }
    }

    /// The example with the test's addresses and files, and an application that says for whom it was asked.
    private static func configuration(
        _ folder: String,
        _ port: Int,
        _ place: Place,
        _ identity: (certificate: String, key: String)
    ) throws -> String {
        let application = Int(FreePort.find())
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder)/\($0);" }
        let added = """
            http {
                access_log off;
                \(folders.joined(separator: "\n"))
                server {
                    listen 127.0.0.1:\(application);
                    location / { return 200 "$http_device $http_user"; }
                }
            """
        var text = try Examples.text("nginx-verify.example.conf")
        for (word, other) in [
            ("http {\n", added), ("10.1.2.11:8444", "\(place.seat.address):\(place.seat.adminPort)"),
            ("        server 10.1.2.12:8444;\n", ""), ("listen 443 ssl", "listen 127.0.0.1:\(port) ssl"),
            ("/etc/nginx/shop.pem", identity.certificate), ("/etc/nginx/shop.key", identity.key),
            ("127.0.0.1:8080", "127.0.0.1:\(application)"), ("/etc/nginx/gatehouse-root.pem", place.rootFile.path),
            ("enroll.corp.example", Place.host),
        ] {
            text = try Examples.replacing(word, with: other, in: text)
        }
        // Its workers would be another user's, who has no business here.
        let user = geteuid() == 0 ? "user root; " : ""
        return "\(user)daemon off; worker_processes 1; pid \(folder)/nginx.pid; error_log \(folder)/error.log notice;\n"
            + text
    }

    deinit {
        // Its master ends its workers.
        kill(self.process.identifier, SIGTERM)
        _ = self.process.wait()
    }

    /// What it says of itself, for a test that failed.
    var log: String {
        ["start.log", "error.log"].compactMap { name in
            try? String(contentsOf: self.folder.appending(path: name), encoding: .utf8)
        }.joined()
    }

    func get(
        showing certificate: (certificate: String, key: String)?,
        _ more: [String] = []
    ) async throws -> CurlAnswer {
        var arguments = ["-s", "-S", "-i", "-k"]
        if let certificate { arguments += ["--cert", certificate.certificate, "--key", certificate.key] }
        let outcome = try await ExternalCommand.run(
            "curl",
            arguments + more + ["https://127.0.0.1:\(self.port)/page"]
        )
        guard outcome.status == 0 else { throw Place.Failure(description: "curl: \(outcome.output)\n\(self.log)") }
        return try CurlAnswer(outcome.output)
    }
}

import EnrollmentTestKit
import Foundation
import Glibc

/// A proxy that lets in whom Gatehouse vouches for: HAProxy with a script, as the example has it.
final class HAProxy: Sendable {
    let port = Int(FreePort.find())
    private let process: FixtureProcess
    private let folder: URL

    /// - Parameters:
    ///   - gatehouse: Its admin listener is asked, as a verifier without a token.
    ///   - identity: PEM files of the certificate that it shows.
    /// - Throws: When it does not start.
    init(asking gatehouse: RunningGatehouse, as identity: (certificate: String, key: String)) async throws {
        let place = gatehouse.place
        self.folder = place.folder.appending(path: "haproxy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        let (script, pair) = (self.folder.appending(path: "verify.lua"), self.folder.appending(path: "shop.pem"))
        try Data(Examples.text("haproxy-verify.example.lua").utf8).write(to: script)
        let both =
            try String(contentsOfFile: identity.certificate, encoding: .utf8)
            + String(contentsOfFile: identity.key, encoding: .utf8)
        try Data(both.utf8).write(to: pair)
        let application = Int(FreePort.find())
        var text = try Examples.text("haproxy-verify.example.cfg")
        for (word, other) in [
            ("/etc/haproxy/haproxy-verify.example.lua", script.path), ("/etc/haproxy/shop.pem", pair.path),
            ("https://10.1.2.11:8444", "https://\(place.seat.address):\(place.seat.adminPort)"),
            ("bind :443", "bind 127.0.0.1:\(self.port)"), ("127.0.0.1:8080", "127.0.0.1:\(application)"),
            ("/etc/haproxy/gatehouse-root.pem", place.rootFile.path), ("enroll.corp.example", Place.host),
        ] {
            text = try Examples.replacing(word, with: other, in: text)
        }
        text += """

            frontend application
                bind 127.0.0.1:\(application)
                http-request return status 200 content-type text/plain lf-string "%[req.hdr(device)] %[req.hdr(user)]"
            """
        let configuration = self.folder.appending(path: "haproxy.cfg")
        try Data((text + "\n").utf8).write(to: configuration)
        self.process = try FixtureProcess(
            ["haproxy", "-db", "-f", configuration.path],
            outputFile: self.folder.appending(path: "out.log").path,
            errorFile: self.folder.appending(path: "error.log").path
        )
        try await gatehouse.wait("HAProxy listens: \(self.log)") {
            try await ExternalCommand.run("curl", ["-sk", "https://127.0.0.1:\(self.port)/"]).status == 0
        }
    }

    deinit {
        kill(self.process.identifier, SIGTERM)
        _ = self.process.wait()
    }

    /// What it says of itself, for a test that failed.
    var log: String {
        ["error.log", "out.log"].compactMap { name in
            try? String(contentsOf: self.folder.appending(path: name), encoding: .utf8)
        }.joined()
    }

    func get(
        showing certificate: (certificate: String, key: String)?,
        _ more: [String] = []
    ) async throws -> CurlAnswer {
        var arguments = ["-s", "-S", "-i", "-k"]
        if let certificate { arguments += ["--cert", certificate.certificate, "--key", certificate.key] }
        let outcome = try await ExternalCommand.run("curl", arguments + more + ["https://127.0.0.1:\(self.port)/page"])
        guard outcome.status == 0 else { throw Place.Failure(description: "curl: \(outcome.output)\n\(self.log)") }
        return try CurlAnswer(outcome.output)
    }
}

import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing

/// One answer that `curl` got.
struct CurlAnswer: Sendable {
    let status: Int
    let headers: [String: String]
    let body: String

    /// Reads what `curl -i` writes.
    init(_ text: String) throws {
        let lines = text.replacing("\r\n", with: "\n")
        guard let end = lines.firstRange(of: "\n\n"), let status = Int(lines.dropFirst(9).prefix(3)) else {
            throw Place.Failure(description: "no answer: \(text)")
        }
        self.status = status
        self.body = String(lines[end.upperBound...])
        var headers: [String: String] = [:]
        for line in lines[..<end.lowerBound].split(separator: "\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        }
        self.headers = headers
    }

    var json: JSONDocument {
        get throws { try JSONDocument(parsing: self.body) }
    }
}

/// Asks the admin interface by the `curl` command, as a script would.
struct AdminClient: Sendable {
    let gatehouse: RunningGatehouse
    var token: String?
    /// PEM files of a certificate and its key, to be shown in TLS.
    var certificate: (certificate: String, key: String)?

    func get(_ path: String, _ more: [String] = []) async throws -> CurlAnswer {
        try await self.ask(path, more)
    }

    func post(_ path: String, _ body: String = "") async throws -> CurlAnswer {
        try await self.ask(path, ["--data", body, "-H", "Content-Type: application/json"])
    }

    func ask(_ path: String, _ more: [String]) async throws -> CurlAnswer {
        let outcome = try await ExternalCommand.run("curl", self.arguments(path, more), seconds: 90)
        guard outcome.status == 0 else { throw Place.Failure(description: "curl: \(outcome.status) \(outcome.output)") }
        return try CurlAnswer(outcome.output)
    }

    func arguments(_ path: String, _ more: [String]) -> [String] {
        let place = self.gatehouse.place
        let (address, port) = (place.seat.address, place.seat.adminPort)
        var arguments = ["-s", "-S", "-i", "--cacert", place.rootFile.path]
        arguments += ["--resolve", "\(Place.host):\(port):\(address)"]
        if let token = self.token { arguments += ["-H", "Authorization: Bearer \(token)"] }
        if let pair = self.certificate { arguments += ["--cert", pair.certificate, "--key", pair.key] }
        return arguments + more + ["https://\(Place.host):\(port)\(path)"]
    }
}

extension RunningGatehouse {
    /// A client with a token of these scopes, which counts by now.
    func client(_ scopes: String...) async throws -> AdminClient {
        let run = try await self.place.run(
            ["token", "create", "t-\(UUID().uuidString.prefix(8))", "--owner", "tests"]
                + scopes.flatMap { ["--scope", $0] }
        )
        guard run.status == 0 else { throw Place.Failure(description: run.errors) }
        let client = AdminClient(gatehouse: self, token: run.output.trimmingCharacters(in: .newlines))
        try await self.wait("the token counts") { try await client.get("/api/v1/devices").status != 401 }
        return client
    }
}

extension Place {
    /// Certificate and key of a device as PEM files.
    func pair(of device: DeviceIdentity) throws -> (certificate: String, key: String) {
        let name = UUID().uuidString
        return (
            try self.keep(device.certificatePEM.utf8, as: "\(name).pem"),
            try self.keep(secret: try device.key.pem(), as: "\(name).key")
        )
    }

    /// A certificate that nobody issued but itself, as PEM files.
    func selfSigned(_ name: String) async throws -> (certificate: String, key: String) {
        let base = self.folder.appending(path: "\(name)-\(UUID().uuidString)").path
        try await CommandLineAuthority.openssl(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)"]
                + ["-days", "2", "-keyout", "\(base).key", "-out", "\(base).pem"]
        )
        return ("\(base).pem", "\(base).key")
    }
}

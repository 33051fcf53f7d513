internal import EnrollmentTestKit
internal import Foundation

/// A backlog of events delivered over TLS to a receiver that does nothing but answer: nginx on the same cores.
func handOffBenchmark(_ bench: Bench) async throws {
    try await handOff(bench, "handoff.deliver", events: 20_000, delivered: 20_000, rounds: bench.rounds)
}

/// A million events that wait: the start beside them, then the delivery of the first hundred thousand; memory at each.
func handOffBacklogBenchmark(_ bench: Bench) async throws {
    try await handOff(bench, "handoff.backlog", events: 1_000_000, delivered: 100_000, rounds: 1)
}

private func handOff(_ bench: Bench, _ name: String, events: Int, delivered wanted: Int, rounds: Int) async throws {
    let receiver = try await FastReceiver()
    var rates: [Double] = []
    var costs: [Double] = []
    var receiverCosts: [Double] = []
    var starts: [Double] = []
    var memories: [Double] = []
    var peaks: [Double] = []
    for _ in 0..<rounds {
        let service = try await ServiceUnderTest(bench, .p256, handOff: receiver.section)
        try Data(receiver.certificate.utf8).write(to: service.folder.appending(path: "receiver.pem"))
        let secret = service.folder.appending(path: "webhook.secret")
        try Data("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".utf8).write(to: secret)
        chmod(secret.path, 0o600)
        let backlog = EventBacklog(service)
        try backlog.fill(events)
        let receiverBefore = try ProcessCost.family(of: receiver.identifier)
        starts.append(try service.start())
        let begin = ContinuousClock.now
        let already = try backlog.delivered(to: "bench")
        let before = try ProcessCost(of: service.identifier).milliseconds
        memories.append(try ProcessCost.memory("VmRSS", of: service.identifier))
        var delivered = already
        while delivered < wanted {
            guard begin.duration(to: .now) < .seconds(3_600) else { throw BenchmarkProblem("events are not delivered") }
            usleep(20_000)
            delivered = try backlog.delivered(to: "bench")
        }
        let count = Double(delivered - already)
        rates.append(count / (begin.duration(to: .now) / .seconds(1)))
        costs.append((try ProcessCost(of: service.identifier).milliseconds - before) / count)
        receiverCosts.append((try ProcessCost.family(of: receiver.identifier) - receiverBefore) / Double(delivered))
        peaks.append(try ProcessCost.memory("VmHWM", of: service.identifier))
        service.stop()
    }
    bench.add(.cost("\(name).start", starts.median, "ms"))
    bench.add(.context("\(name).rate", rates.median, "1/s"))
    bench.add(.cost("\(name).cpu", costs.median, "core-ms"))
    bench.add(.context("\(name).receiver.cpu", receiverCosts.median, "core-ms"))
    bench.add(.cost("\(name).memory.start", memories.median, "MiB"))
    bench.add(.cost("\(name).memory.peak", peaks.median, "MiB"))
    receiver.stop()
}

/// Answers every POST with 204, over kept TLS connections.
private final class FastReceiver {
    let port: Int
    /// PEM, signed by itself.
    let certificate: String
    private let folder: URL
    private let server: FixtureProcess

    var identifier: pid_t { self.server.identifier }

    /// The configuration of the service that sends here.
    var section: String {
        """
        handOff: { destinations: [{
            name: "bench", url: "https://localhost:\(self.port)/events", ca: "receiver.pem",
            secrets: [{ file: "webhook.secret" }], allowedAddresses: ["loopback"], account: "omit",
        }] },
        """
    }

    init() async throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        self.port = Int(FreePort.find())
        let made = try await ExternalCommand.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-keyout",
                self.folder.appending(path: "key.pem").path, "-out", self.folder.appending(path: "cert.pem").path,
            ],
            seconds: 30
        )
        guard made.status == 0 else { throw BenchmarkProblem("openssl req: \(made.output)") }
        self.certificate = try String(contentsOf: self.folder.appending(path: "cert.pem"), encoding: .utf8)
        let text = """
            daemon off;
            # One process, which ends when it is killed.
            master_process off;
            pid \(self.folder.path)/nginx.pid;
            error_log \(self.folder.path)/error.log;
            events { worker_connections 1024; }
            http {
                access_log off;
                client_body_temp_path \(self.folder.path)/body;
                proxy_temp_path \(self.folder.path)/proxy;
                fastcgi_temp_path \(self.folder.path)/fastcgi;
                uwsgi_temp_path \(self.folder.path)/uwsgi;
                scgi_temp_path \(self.folder.path)/scgi;
                keepalive_requests 100000000;
                server {
                    listen 127.0.0.1:\(self.port) ssl;
                    ssl_certificate \(self.folder.path)/cert.pem;
                    ssl_certificate_key \(self.folder.path)/key.pem;
                    location / { return 204; }
                }
            }
            """
        let file = self.folder.appending(path: "nginx.conf")
        try Data(text.utf8).write(to: file)
        self.server = try FixtureProcess(["nginx", "-c", file.path, "-p", self.folder.path])
    }

    func stop() {
        self.server.kill()
        // A folder left behind is a nuisance, not a failure.
        try? FileManager.default.removeItem(at: self.folder)
    }
}

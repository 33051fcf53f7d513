internal import CurlKit
internal import EnrollmentTestKit
internal import Foundation

/// Whose a certificate is, asked with a token by many at once over kept TLS connections: one certificate again and again,
/// and ten thousand in turn.
func lookUpBenchmark(_ bench: Bench) async throws {
    let count = 10_000
    let service = try await ServiceUnderTest(bench, .p256)
    try EventBacklog(service).fill(count)
    let token = try await token(service, of: bench)
    try service.start()
    let load = LookUpLoad(service, token: token)
    for certificates in [1, count] {
        try await load.run(certificates, seconds: 2)
        var rates: [Double] = []
        var costs: [Double] = []
        for _ in 0..<bench.rounds {
            var answered = 0
            let begin = ContinuousClock.now
            let cost = try await service.cost { answered = try await load.run(certificates, seconds: 3) }
            rates.append(Double(answered) / (begin.duration(to: .now) / .seconds(1)))
            costs.append(cost / Double(max(1, answered)))
        }
        let name = certificates == 1 ? "lookup.same" : "lookup.many"
        bench.add(.context("\(name).rate", rates.median, "1/s"))
        bench.add(.cost("\(name).cpu", costs.median, "core-ms"))
    }
    service.stop()
}

private func token(_ service: ServiceUnderTest, of bench: Bench) async throws -> String {
    let outcome = try await ExternalCommand.run(
        bench.binary,
        [
            "token", "create", "bench", "--scope", "identities:read", "--owner", "bench", "--expires-in", "1d",
            "--config", service.configurationPath,
        ],
        seconds: 30
    )
    guard outcome.status == 0,
        let token = outcome.output.split(whereSeparator: \.isWhitespace).first(where: { $0.hasPrefix("ght_") })
    else { throw BenchmarkProblem("gatehouse token create: \(outcome.output)") }
    return String(token)
}

private struct LookUpLoad {
    private let service: ServiceUnderTest
    private let token: String

    init(_ service: ServiceUnderTest, token: String) {
        self.service = service
        self.token = token
    }

    /// - Returns: How many look-ups were answered with 200.
    @discardableResult
    func run(_ certificates: Int, seconds: Int) async throws -> Int {
        let script = self.service.folder.appending(path: "lookup.lua")
        let text = """
            local number = 0
            local header = { ["Authorization"] = "Bearer \(self.token)" }
            request = function()
                number = number % \(certificates) + 1
                local thumbprint = "74" .. string.format("%031d", number):gsub(".", "3%0")
                return wrk.format("GET", "/api/v1/identities/" .. thumbprint, header)
            end
            """
        try Data(text.utf8).write(to: script)
        let outcome = try await ExternalCommand.run(
            "wrk",
            ["-t1", "-c16", "-d\(seconds)s", "-s", script.path, self.service.adminAddress],
            seconds: seconds + 10
        )
        let line = outcome.output.split(separator: "\n").first { $0.contains("requests in") }
        guard outcome.status == 0, let count = line?.split(separator: " ").first.flatMap({ Int($0) }), count > 0,
            !outcome.output.contains("Non-2xx"), !outcome.output.contains("Socket errors")
        else { throw BenchmarkProblem("wrk: \(outcome.output)") }
        return count
    }
}

internal import CurlKit
internal import EnrollmentTestKit
internal import Foundation

/// The trivial request, an empty GET of discovery: on kept-alive connections, and on a new one each.
///
/// The load comes from wrk where it is installed, else from threads of this process; the server's figure is the same.
func transportBenchmark(_ bench: Bench, seconds: Int = 3) async throws {
    for algorithm in ServiceUnderTest.Algorithm.allCases {
        let service = try await ServiceUnderTest(bench, algorithm)
        try service.start()
        for isKept in algorithm == .p256 ? [true, false] : [false] {
            _ = try await trivialRequests(service, isKept: isKept, seconds: 1)
            var costs: [Double] = []
            var rates: [Double] = []
            for _ in 0..<bench.rounds {
                var count = 0
                let start = ContinuousClock.now
                let cost = try await service.cost {
                    count = try await trivialRequests(service, isKept: isKept, seconds: seconds)
                }
                costs.append(cost / Double(max(1, count)))
                rates.append(Double(count) / (start.duration(to: .now) / .seconds(1)))
            }
            let name = "transport.\(algorithm.word).\(isKept ? "kept" : "new")"
            bench.add(.cost("\(name).cpu", costs.median, "core-ms"))
            bench.add(.context("\(name).rate", rates.median, "1/s"))
        }
        service.stop()
    }
}

/// - Returns: How many requests were answered.
private func trivialRequests(_ service: ServiceUnderTest, isKept: Bool, seconds: Int) async throws -> Int {
    let outcome = try await ExternalCommand.run(
        "wrk",
        ["-t1", "-c8", "-d\(seconds)s"] + (isKept ? [] : ["-H", "Connection: close"]) + [service.discovery],
        seconds: seconds + 10
    )
    if outcome.status == 0 {
        let line = outcome.output.split(separator: "\n").first { $0.contains("requests in") }
        guard let count = line?.split(separator: " ").first.flatMap({ Int($0) }), count > 0 else {
            throw BenchmarkProblem("wrk: \(outcome.output)")
        }
        return count
    }
    var options = service.options
    options.connections = isKept ? .keptAlive : .newPerRequest
    let request = CurlRequest.get(service.discovery)
    return try Threads.run(
        seconds * (isKept ? 2_000 : 500),
        workers: 8,
        state: { [options] in try CurlSession(options) }
    ) { session, _ in
        guard try session.perform(request).status == 200 else { throw BenchmarkProblem("the probe was refused") }
    }.count
}

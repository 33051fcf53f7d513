internal import CurlKit
internal import Synchronization

/// The enrollment request alone over kept-alive connections: one sign-in, two commits, lint and attempt record.
func requestBenchmark(_ bench: Bench) async throws {
    for algorithm in ServiceUnderTest.Algorithm.allCases {
        let service = try await ServiceUnderTest(bench, algorithm)
        try service.start()
        try RequestLoad(service).run(Bench.warmUp)
        var costs: [Double] = []
        var times: [Double] = []
        var rates: [Double] = []
        let count = bench.devices * 4
        for _ in 0..<bench.rounds {
            let start = ContinuousClock.now
            let cost = try await service.cost { times += try RequestLoad(service).run(count) }
            rates.append(Double(count) / (start.duration(to: .now) / .seconds(1)))
            costs.append(cost / Double(count))
        }
        service.stop()
        bench.add(.cost("request.\(algorithm.word).kept.cpu", costs.median, "core-ms"))
        bench.add(.context("request.\(algorithm.word).kept.rate", rates.median, "1/s"))
        bench.add(.context("request.\(algorithm.word).kept.p50", times.percentile(50), "ms"))
        bench.add(.context("request.\(algorithm.word).kept.p99", times.percentile(99), "ms"))
    }
}

/// Posts enrollment requests of devices never seen before.
struct RequestLoad {
    private let address: String
    private let options: CurlOptions

    init(_ service: ServiceUnderTest) {
        self.address = "\(service.address)/EnrollmentServer/Enrollment.svc"
        self.options = service.options
    }

    /// - Returns: Milliseconds for each.
    /// - Throws: When one is refused.
    @discardableResult
    func run(_ count: Int, workers: Int = 8) throws -> [Double] {
        let headers = [CurlHeader("Content-Type", "application/soap+xml; charset=utf-8")]
        let times = Mutex<[Double]>([])
        try Threads.run(count, workers: workers, state: { [options] in try CurlSession(options) }) { session, number in
            let user = "\(Bench.uid(number % Bench.users + 1))@corp.example"
            let message = try RequestMessage(device: number, user: user)
            let answer = try session.perform(
                .post(self.address, headers: headers, body: message.octets(to: self.address))
            )
            guard answer.status == 200 else {
                throw BenchmarkProblem("refused: \(String(decoding: answer.body.prefix(2_000), as: UTF8.self))")
            }
            times.withLock { $0.append(Double(answer.timings.total) / 1_000) }
        }
        return times.withLock { $0 }
    }
}

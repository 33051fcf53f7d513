/// Start of the process to its first answer, and its memory then.
func startBenchmark(_ bench: Bench) async throws {
    let service = try await ServiceUnderTest(bench, .p256)
    var times: [Double] = []
    var sizes: [Double] = []
    for _ in 0..<5 {
        times.append(try service.start())
        sizes.append(try ProcessCost.memory("VmRSS", of: service.identifier))
        service.stop()
    }
    bench.add(.cost("start.time", times.median, "ms"))
    bench.add(.cost("start.memory", sizes.median, "MiB"))
}

/// Memory after many enrollments in one process, and how long the next start takes with all of them in the store.
func fleetBenchmark(_ bench: Bench) async throws {
    let service = try await ServiceUnderTest(bench, .p256)
    try service.start()
    let begin = ContinuousClock.now
    try RequestLoad(service).run(bench.fleet, workers: 16)
    let seconds = begin.duration(to: .now) / .seconds(1)
    let name = "fleet.\(bench.fleet)"
    bench.add(.context("\(name).rate", Double(bench.fleet) / seconds, "1/s"))
    bench.add(.cost("\(name).peak", try ProcessCost.memory("VmHWM", of: service.identifier), "MiB"))
    service.stop()
    bench.add(.cost("\(name).start", try service.start(), "ms"))
    bench.add(.cost("\(name).memoryAtStart", try ProcessCost.memory("VmRSS", of: service.identifier), "MiB"))
    service.stop()
}

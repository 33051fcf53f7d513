internal import EnrollmentTestKit
internal import LDAPKit

/// What the machine can do at all: the issuer's algorithms in OpenSSL's own measurement, and binds of the directory.
func scaleBenchmark(_ bench: Bench) async throws {
    for (word, algorithm) in [("p256", "ecdsap256"), ("rsa2048", "rsa2048")] {
        let outcome = try await ExternalCommand.run("openssl", ["speed", "-mr", "-seconds", "1", algorithm])
        // +F2:index:bits:signatures per second:verifications per second, and F4 for ECDSA.
        let line = outcome.output.split(separator: "\n").first { $0.hasPrefix("+F2:") || $0.hasPrefix("+F4:") }
        let fields = line?.split(separator: ":") ?? []
        guard fields.count > 4, let sign = Double(fields[3]), let verify = Double(fields[4]) else {
            throw BenchmarkProblem("openssl speed: \(outcome.output)")
        }
        bench.add(.context("scale.openssl.\(word).sign", sign, "1/s"))
        bench.add(.context("scale.openssl.\(word).verify", verify, "1/s"))
    }
    let slapd = try bench.directory()
    let endpoint = try LDAPEndpoint(
        slapd.tlsURL,
        security: .tls(caFile: slapd.caFile),
        connectTimeout: .seconds(5)
    )
    for workers in [1, 8] {
        let count = 4_000
        let people = (1...Bench.users).map { (slapd.person(Bench.uid($0)), "\(Bench.uid($0))-password") }
        let start = ContinuousClock.now
        try Threads.run(
            count,
            workers: workers,
            state: { try LDAPConnection(to: endpoint, before: .now + .seconds(5)) }
        ) { connection, number in
            let (name, password) = people[number % people.count]
            try connection.bind(as: name, password: password, before: .now + .seconds(5))
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        bench.add(.context("scale.slapd.binds.c\(workers)", Double(count) / seconds, "1/s"))
    }
}

/// A named group of measurements.
struct Benchmark: Sendable {
    let name: String
    let summary: String
    /// Whether it runs when no name is given.
    var isOrdinary = true
    let run: @Sendable (Bench) async throws -> Void

    static let all: [Benchmark] = [
        Benchmark(name: "scale", summary: "openssl speed and slapd binds, for scale", run: scaleBenchmark),
        Benchmark(name: "ledger", summary: "commits with and without group commit", run: ledgerBenchmark),
        Benchmark(name: "revocation", summary: "10 000 devices revoked, asked for, listed", run: revocationBenchmark),
        Benchmark(name: "crl", summary: "the entries of a CRL of 100 000, and its publication", run: crlBenchmark),
        Benchmark(name: "issuance", summary: "issuance alone, in process", run: issuanceBenchmark),
        Benchmark(name: "renewal", summary: "a signed renewal request read and proven", run: renewalBenchmark),
        Benchmark(name: "making", summary: "CRLs and OCSP answers, in process", run: revocationMakingBenchmark),
        Benchmark(name: "start", summary: "start to first answer, memory at start", run: startBenchmark),
        Benchmark(name: "transport", summary: "trivial requests, kept-alive and on new connections") {
            try await transportBenchmark($0)
        },
        Benchmark(name: "request", summary: "the enrollment request alone, kept-alive", run: requestBenchmark),
        Benchmark(name: "enroll", summary: "complete enrollments against the ceilings", run: enrollmentBenchmark),
        Benchmark(name: "renew", summary: "renewals over TLS with client certificates", run: renewalLoadBenchmark),
        Benchmark(name: "ocsp", summary: "OCSP answers over the network, signed and kept", run: ocspBenchmark),
        Benchmark(name: "publication", summary: "large CRLs in the service; how soon a revocation is seen") {
            try await publicationBenchmark($0)
        },
        Benchmark(name: "mass", summary: "10 000 certificates revoked by the command", run: massRevocationBenchmark),
        Benchmark(name: "handoff", summary: "events delivered to a fast receiver", run: handOffBenchmark),
        Benchmark(name: "lookup", summary: "whose a certificate is, asked over kept connections", run: lookUpBenchmark),
        Benchmark(
            name: "backlog",
            summary: "a million events that wait, and the first of them delivered; takes minutes",
            isOrdinary: false,
            run: handOffBacklogBenchmark
        ),
        Benchmark(name: "token", summary: "signatures by SoftHSM, beside its own limit", run: tokenBenchmark),
        Benchmark(
            name: "rotate",
            summary: "latency of enrollments while keys are changed beside it",
            run: rotationLatencyBenchmark
        ),
        Benchmark(name: "reseal", summary: "another passphrase for a store's keys; scrypt apart", run: resealBenchmark),
        Benchmark(name: "slowdisk", summary: "complete enrollments with 5 ms more per fsync", run: slowDiskBenchmark),
        Benchmark(name: "pgledger", summary: "the ledger on PostgreSQL, by callers", run: postgresLedgerBenchmark),
        Benchmark(name: "replicas", summary: "complete enrollments on PostgreSQL, 1 and 3 replicas") {
            try await replicaBenchmark($0)
        },
        Benchmark(
            name: "rotation",
            summary: "what hangs on issuers, counted and listed among a million certificates; takes minutes",
            isOrdinary: false,
            run: rotationBenchmark
        ),
        Benchmark(
            name: "compromise",
            summary: "100 000 devices of a compromised issuer revoked by the ledger; takes minutes",
            isOrdinary: false,
            run: compromiseBenchmark
        ),
        Benchmark(
            name: "growth",
            summary: "PostgreSQL with ever more certificates in it; minutes and gigabytes",
            isOrdinary: false,
            run: growthBenchmark
        ),
        Benchmark(
            name: "backup",
            summary: "a backup of 100 000 devices made, read, restored; takes minutes",
            isOrdinary: false,
            run: backupBenchmark
        ),
        Benchmark(
            name: "fleet",
            summary: "memory after 100 000 enrollments, start with as many devices; takes minutes",
            isOrdinary: false,
            run: fleetBenchmark
        ),
    ]
}

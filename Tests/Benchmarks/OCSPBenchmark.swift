internal import CurlKit
internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Foundation
internal import Ledger
internal import X509Kit

/// OCSP over the plain listener: each certificate once, so that every answer is signed; then all of them again and again
/// from what was kept, by GET and by POST (`wrk`).
func ocspBenchmark(_ bench: Bench) async throws {
    for algorithm in ServiceUnderTest.Algorithm.allCases {
        let service = try await ServiceUnderTest(bench, algorithm)
        try service.start()
        try RequestLoad(service).run(bench.devices * 10)
        let store = try await ServiceStore(service)
        let wording = try OCSPQuestions(issuer: store.issuer.certificate)
        let load = OCSPLoad(
            service,
            issuer: store.issuer.id,
            questions: try await store.serialNumbers().map(wording.question)
        )
        await store.ledger.close()
        var (costs, rates): ([Double], [Double]) = ([], [])
        for _ in 0..<bench.rounds {
            // What was kept goes with the process.
            service.stop()
            try service.start()
            try load.warmUp()
            let start = ContinuousClock.now
            let cost = try await service.cost { try load.askOnce() }
            costs.append(cost * 1_000 / Double(load.count))
            rates.append(Double(load.count) / (start.duration(to: .now) / .seconds(1)))
        }
        bench.add(.cost("ocsp.\(algorithm.word).signed.cpu", costs.median, "core-us"))
        bench.add(.context("ocsp.\(algorithm.word).signed.rate", rates.median, "1/s"))
        for method in algorithm == .p256 ? [CurlRequest.Method.get, .post] : [.get] {
            (costs, rates) = ([], [])
            for _ in 0..<bench.rounds {
                var count = 0
                let start = ContinuousClock.now
                let cost = try await service.cost { count = try await load.askAgain(method, seconds: 3) }
                costs.append(cost * 1_000 / Double(count))
                rates.append(Double(count) / (start.duration(to: .now) / .seconds(1)))
            }
            let name = "ocsp.\(algorithm.word).kept.\(method.rawValue.lowercased())"
            bench.add(.cost("\(name).cpu", costs.median, "core-us"))
            bench.add(.context("\(name).rate", rates.median, "1/s"))
        }
        bench.add(
            .cost("ocsp.\(algorithm.word).peak", try ProcessCost.memory("VmHWM", of: service.identifier), "MiB")
        )
        service.stop()
    }
}

/// Questions about certificates of one issuer, asked of its service.
struct OCSPLoad: Sendable {
    private static let workers = 8

    private let place: String
    private let folder: URL
    private let path: String
    private let questions: [[UInt8]]

    /// Questions asked once by ``askOnce()``.
    var count: Int { self.questions.count - Self.workers }

    init(_ service: ServiceUnderTest, issuer: String, questions: [[UInt8]]) {
        self.path = "/pki/ocsp/\(issuer)"
        self.place = service.plainAddress
        self.folder = service.folder
        self.questions = questions
    }

    /// Opens what the first answer needs, at the expense of a few questions.
    func warmUp() throws {
        try self.ask(self.questions.suffix(Self.workers))
    }

    func askOnce() throws {
        try self.ask(self.questions.dropLast(Self.workers))
    }

    private func ask(_ questions: ArraySlice<[UInt8]>) throws {
        try Threads.run(
            questions.count,
            workers: Self.workers,
            state: {
                var options = CurlOptions()
                options.connections = .keptAlive
                return try CurlSession(options)
            }
        ) { session, number in
            let status = try self.status(questions[questions.startIndex + number], over: session)
            guard status == .good else { throw BenchmarkProblem("a certificate is not good but \(status)") }
        }
    }

    /// What the service says about a certificate.
    func status(_ question: [UInt8], over session: CurlSession) throws -> OCSPResponseData.Status {
        let answer = try session.perform(
            .post(
                self.place + self.path,
                headers: [CurlHeader("Content-Type", "application/ocsp-request")],
                body: question
            )
        )
        guard answer.status == 200, let single = try OCSPResponse(der: answer.body).singles.first else {
            throw BenchmarkProblem("an OCSP question was refused with \(answer.status)")
        }
        return single.status
    }

    /// Asks with `wrk` over kept connections, every question in turn.
    ///
    /// - Returns: How many answers came.
    func askAgain(_ method: CurlRequest.Method, seconds: Int) async throws -> Int {
        let isGet = method == .get
        let lines = self.questions.map { question in
            isGet ? Self.escaped(Data(question).base64EncodedString()) : Hexadecimal.encode(question)
        }
        let list = self.folder.appending(path: "questions")
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: list)
        let request =
            isGet
            ? #"wrk.format("GET", "\#(self.path)/" .. line)"#
            : #"""
            wrk.format("POST", "\#(self.path)", { ["Content-Type"] = "application/ocsp-request" },
                (line:gsub("..", function(octet) return string.char(tonumber(octet, 16)) end)))
            """#
        let script = self.folder.appending(path: "wrk.lua")
        let text = """
            local requests = {}
            local number = 0
            init = function()
                for line in io.lines("\(list.path)") do
                    requests[#requests + 1] = \(request)
                end
            end
            request = function()
                number = number % #requests + 1
                return requests[number]
            end
            """
        try Data(text.utf8).write(to: script)
        let outcome = try await ExternalCommand.run(
            "wrk",
            ["-t1", "-c16", "-d\(seconds)s", "-s", script.path, self.place],
            seconds: seconds + 10
        )
        let line = outcome.output.split(separator: "\n").first { $0.contains("requests in") }
        guard outcome.status == 0, let count = line?.split(separator: " ").first.flatMap({ Int($0) }), count > 0,
            !outcome.output.contains("Non-2xx"), !outcome.output.contains("Socket errors")
        else { throw BenchmarkProblem("wrk: \(outcome.output)") }
        return count
    }

    /// Base64 in a path (RFC 6960 § A.1).
    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "+", with: "%2B").replacingOccurrences(of: "/", with: "%2F")
            .replacingOccurrences(of: "=", with: "%3D")
    }
}

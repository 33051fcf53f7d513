import HTTPTransport
import Logging
import Synchronization
import Testing

@Suite("Access log", .timeLimit(.minutes(10)))
struct AccessLogTests {
    @Test("what is not even a request leaves a line with an id and the reason")
    func garbage() async throws {
        let journal = Journal()
        try await withListener([], logger: Logger(label: "test") { _ in JournalHandler(journal) }) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            try await client.send("garbage\r\n\r\n")
            _ = try await client.receiveToEnd()
            try await client.close()
        }
        let line = try #require(journal.lines.first { $0.message == "request" }).metadata
        #expect(line["status"] == "400")
        #expect(line["reason"] == "the request line does not have three parts")
        #expect(line["request"]?.utf8.count == 16)
    }

    @Test("a line keeps 32 characters of a method and 256 of a path")
    func longNames() async throws {
        let journal = Journal()
        try await withListener([], logger: Logger(label: "test") { _ in JournalHandler(journal) }) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            let method = String(repeating: "M", count: 4_000)
            let path = String(repeating: "%C3%A9", count: 1_000)
            try await client.send("\(method) /\(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            _ = try await client.receiveToEnd()
            try await client.close()
        }
        let line = try #require(journal.lines.first { $0.message == "request" }).metadata
        #expect(line["method"] == String(repeating: "M", count: 32))
        #expect(line["path"] == "/" + String(repeating: "é", count: 255))
    }

    @Test("what is routine leaves its line at level debug alone", arguments: [Logger.Level.debug, .info])
    func routine(level: Logger.Level) async throws {
        let journal = Journal()
        var logger = Logger(label: "test") { _ in JournalHandler(journal) }
        logger.logLevel = level
        let route = Route(
            [.get],
            .exact("/quiet"),
            handler: .immediate { _, _ in
                var response = HTTPResponse.text(200, "quiet")
                response.isRoutine = true
                return response
            }
        )
        try await withListener([route], logger: logger) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            try await client.send("GET /quiet HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            _ = try await client.receiveToEnd()
            try await client.close()
        }
        #expect(journal.lines.filter { $0.message == "request" }.count == (level == .debug ? 1 : 0))
    }

    @Test("each request leaves one line with its facts, and lines of its handler carry its id")
    func lines() async throws {
        let journal = Journal()
        let logger = Logger(label: "test") { _ in JournalHandler(journal) }
        let route = Route(
            [.get],
            .exact("/logged"),
            handler: .immediate { request, logger in
                logger.info("inside", metadata: ["given": "\(request.requestID)"])
                return .text(200, "logged")
            }
        )
        try await withListener([route], logger: logger) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            try await client.send("GET /logged?secret=1 HTTP/1.1\r\nHost: x\r\n\r\nGET /nowhere HTTP/1.0\r\n\r\n")
            _ = try await client.receiveToEnd()
            try await client.close()
        }
        let lines = journal.lines
        let inside = try #require(lines.first { $0.message == "inside" })
        let requests = lines.filter { $0.message == "request" }
        #expect(requests.count == 2)
        let first = try #require(requests.first).metadata
        #expect(first["method"] == "GET")
        #expect(first["path"] == "/logged")
        #expect(first["status"] == "200")
        #expect(first["bytes"] == "7")
        #expect(first["source"] == "127.0.0.1")
        #expect(first["request"] == inside.metadata["request"])
        #expect(inside.metadata["given"] == inside.metadata["request"])
        #expect(first["request"]?.utf8.count == 16)
        #expect(first["ms"]?.contains(".") == true)
        #expect(requests[1].metadata["status"] == "404")
        #expect(lines.allSatisfy { line in line.metadata.values.allSatisfy { !$0.contains("secret") } })
    }
}

private final class Journal: Sendable {
    struct Line: Sendable {
        let message: String
        let metadata: [String: String]
    }

    private let state = Mutex<[Line]>([])

    var lines: [Line] { self.state.withLock { $0 } }

    func write(_ line: Line) {
        self.state.withLock { $0.append(line) }
    }
}

private struct JournalHandler: LogHandler {
    private let journal: Journal
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.info

    init(_ journal: Journal) {
        self.journal = journal
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(
        level: Logger.Level,
        message: Logger.Message,
        metadata: Logger.Metadata?,
        source: String,
        file: String,
        function: String,
        line: UInt
    ) {
        let all = self.metadata.merging(metadata ?? [:]) { $1 }
        self.journal.write(Journal.Line(message: "\(message)", metadata: all.mapValues { "\($0)" }))
    }
}

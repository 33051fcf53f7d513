import Foundation
import HTTPTransport
import Synchronization
import Testing

@Suite("Answers at once or later", .timeLimit(.minutes(10)))
struct EitherWayTests {
    @Test("what is at hand is answered at once, the rest by the task, in the order asked")
    func both() async throws {
        let tasks = Count()
        let route = Route(
            [.get],
            .prefix("/answer/"),
            handler: .eitherWay(
                atOnce: { request, _ in request.path.hasSuffix("/kept") ? .text(200, "kept") : nil },
                later: { request, _ in
                    tasks.value.withLock { $0 += 1 }
                    return .text(200, "made for \(request.path)")
                }
            )
        )
        try await withListener([route]) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            for path in ["kept", "a", "kept", "kept", "b"] {
                try await client.send("GET /answer/\(path) HTTP/1.1\r\nHost: x\r\n\r\n")
            }
            try await client.send("GET /answer/kept HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let answer = String(decoding: try await client.receiveToEnd(), as: UTF8.self)
            let bodies = answer.components(separatedBy: "\r\n\r\n").dropFirst().map { $0.prefix { $0 != "\n" } }
            #expect(bodies == ["kept", "made for /answer/a", "kept", "kept", "made for /answer/b", "kept"])
        }
        #expect(tasks.value.withLock { $0 } == 2)
    }

    @Test("a 304 has no body on the wire and leaves the connection in step, for GET as for HEAD")
    func notModified() async throws {
        let representation = Representation(
            contentType: "application/pkix-crl",
            body: Array("a list".utf8),
            entityTag: EntityTag(digest: [1]),
            freshUntil: 10
        )
        let route = Route(
            [.get],
            .exact("/crl"),
            handler: .immediate { request, _ in
                representation.answer(to: request, now: 0)
            }
        )
        try await withListener([route]) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            for (method, tag) in [("GET", "\"01\""), ("HEAD", "\"01\""), ("HEAD", "\"02\""), ("GET", "\"02\"")] {
                try await client.send("\(method) /crl HTTP/1.1\r\nHost: x\r\nIf-None-Match: \(tag)\r\n\r\n")
            }
            try await client.finishSending()
            let answer = String(decoding: try await client.receiveToEnd(), as: UTF8.self)
            let parts = answer.components(separatedBy: "\r\n\r\n")
            #expect(
                parts.map { $0.prefix { $0 != "\r\n" } } == [
                    "HTTP/1.1 304 Not Modified", "HTTP/1.1 304 Not Modified", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK",
                    "a list",
                ]
            )
            #expect(parts.map { $0.contains("Content-Length: 6") } == [false, false, true, true, false])
        }
    }
}

private final class Count: Sendable {
    let value = Mutex(0)
}

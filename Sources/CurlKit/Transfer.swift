internal import Synchronization

/// One request of ``CurlMulti`` and whoever waits for its answer.
final class Transfer: Sendable {
    let request: CurlRequest
    /// What counts towards the limit of a host: scheme, host and port as they are written.
    let host: Substring
    let departure: Departure
    private let continuation: CheckedContinuation<Result<CurlResponse, CurlError>, Never>

    init(
        _ request: CurlRequest,
        _ departure: Departure,
        _ continuation: CheckedContinuation<Result<CurlResponse, CurlError>, Never>
    ) {
        self.request = request
        self.host = Self.host(of: request.url)
        self.departure = departure
        self.continuation = continuation
    }

    /// Answers; once.
    func finish(_ result: Result<CurlResponse, CurlError>) {
        self.continuation.resume(returning: result)
    }

    private static func host(of url: String) -> Substring {
        var slashes = 0
        for index in url.utf8.indices where url.utf8[index] == UInt8(ascii: "/") {
            slashes += 1
            if slashes == 3 { return url[..<index] }
        }
        return url[...]
    }
}

/// Notes that nobody waits for an answer any more.
final class Departure: Sendable {
    private let flag = Atomic(false)

    var isNoted: Bool { self.flag.load(ordering: .sequentiallyConsistent) }

    func note() {
        self.flag.store(true, ordering: .sequentiallyConsistent)
    }
}

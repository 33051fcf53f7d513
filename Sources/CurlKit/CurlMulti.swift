internal import Dispatch

/// Asks HTTP servers, many requests at once over connections that stay open, without blocking whoever asks.
///
/// One thread of its own drives all of them. HTTP/1.1 only; redirects are reported, never followed.
public final class CurlMulti: Sendable {
    /// How much goes on at once; what is over a limit waits for its turn, first come, first served.
    public struct Limits: Hashable, Sendable {
        /// Requests that run, and so connections that are used.
        public var total: Int
        /// Of those, to one host and port.
        public var perHost: Int

        public init(total: Int = 64, perHost: Int = 32) {
            self.total = max(1, total)
            self.perHost = max(1, perHost)
        }
    }

    private let loop: MultiLoop

    deinit {
        self.loop.close()
    }

    /// - Throws: ``CurlError`` when an option is not one libcurl takes.
    public init(_ options: CurlOptions = CurlOptions(), limits: Limits = Limits()) throws(CurlError) {
        // Only to see now that the options are good ones: the thread makes its own.
        _ = try EasyHandle(options)
        let loop = try MultiLoop(options, limits: limits)
        self.loop = loop
        DispatchQueue(label: "curl.multi").async { loop.run() }
    }

    /// Sends `request` and waits for its answer.
    ///
    /// When the task is cancelled, so is the request: the server may have taken it all the same.
    ///
    /// - Returns: The answer, whatever its status says.
    /// - Throws: ``CurlError`` when there is no complete answer; its time begins when it is its turn.
    public func perform(_ request: CurlRequest) async throws(CurlError) -> CurlResponse {
        let departure = Departure()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.loop.submit(Transfer(request, departure, continuation))
            }
        } onCancel: {
            departure.note()
            self.loop.lookForDepartures()
        }
        return try result.get()
    }
}

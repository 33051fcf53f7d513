internal import Logging
internal import NIOCore

/// Writes the one line that each request leaves behind.
enum AccessLog {
    /// - Parameters:
    ///   - exchange: What was asked, as far as it was understood.
    ///   - response: What was answered.
    ///   - refusal: Why the listener answered by itself, if it did.
    ///   - isDelivered: Whether the client was still there for the answer.
    ///   - source: The client's address.
    ///   - logger: The listener's.
    static func write(
        _ exchange: HTTPExchange?,
        _ response: HTTPResponse,
        refusal: RequestRefusal? = nil,
        isDelivered: Bool = true,
        source: String,
        to logger: Logger
    ) {
        guard logger.logLevel <= .info else { return }
        var facts: Logger.Metadata = [
            "status": "\(response.status)",
            "bytes": "\(response.body.count)",
            "source": "\(source)",
            // What could not be read as a request has an id as well, to be spoken of.
            "request": "\(exchange?.id ?? HTTPExchange.makeID())",
        ]
        if let exchange {
            facts["method"] = "\(exchange.head.method.rawValue)"
            facts["path"] = "\(exchange.head.path)"
            facts["ms"] = "\(Self.milliseconds(NIODeadline.now() - exchange.start))"
        }
        if !isDelivered { facts["client"] = "gone" }
        if let refusal { facts["reason"] = "\(refusal.reason)" }
        logger.info("request", metadata: facts)
    }

    /// With three digits after the point, written without the cost of formatting a floating-point number.
    static func milliseconds(_ amount: TimeAmount) -> String {
        let micros = amount.nanoseconds / 1000
        let fraction = String(1000 + micros % 1000).dropFirst()
        return "\(micros / 1000).\(fraction)"
    }
}

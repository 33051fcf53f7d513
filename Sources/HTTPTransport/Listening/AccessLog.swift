internal import Logging
internal import NIOCore

/// Writes the one line that each request leaves behind.
enum AccessLog {
    /// What a line keeps of a method and of a path, in characters (Unicode scalars): anybody can send long ones.
    private static let longestMethod = 32
    private static let longestPath = 256

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
        let level: Logger.Level = response.isRoutine ? .debug : .info
        guard logger.logLevel <= level else { return }
        var facts: Logger.Metadata = [
            "status": "\(response.status)",
            "bytes": "\(response.body.count)",
            "source": "\(source)",
            // What could not be read as a request has an id as well, to be spoken of.
            "request": "\(exchange?.id ?? HTTPExchange.makeID())",
        ]
        if let exchange {
            facts["method"] = "\(Self.cut(exchange.head.method.rawValue, Self.longestMethod))"
            facts["path"] = "\(Self.cut(exchange.head.path, Self.longestPath))"
            facts["ms"] = "\(Self.milliseconds(NIODeadline.now() - exchange.start))"
        }
        if !isDelivered { facts["client"] = "gone" }
        if let refusal { facts["reason"] = "\(refusal.reason)" }
        logger.log(level: level, "request", metadata: facts)
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit)))
    }

    /// With three digits after the point, written without the cost of formatting a floating-point number.
    static func milliseconds(_ amount: TimeAmount) -> String {
        let micros = amount.nanoseconds / 1000
        let fraction = String(1000 + micros % 1000).dropFirst()
        return "\(micros / 1000).\(fraction)"
    }
}

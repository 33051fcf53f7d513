internal import EnrollmentCore
internal import ServiceRuntime

/// What the body of an order says besides what is ordered: why, and under which ticket.
struct OrderBody {
    private static let longest = 500

    let reader: SettingsReader
    let reason: String
    let ticket: String?

    /// - Throws: ``Problem`` when the body is no JSON object, or gives no reason that somebody can read later.
    init(_ body: [UInt8]) throws(Problem) {
        guard let text = String(validating: body, as: UTF8.self) else {
            throw Problem(.badRequest, "The body is not UTF-8.")
        }
        do throws(SettingsError) {
            let reader = try SettingsReader(parsing: text, file: "body")
            self.reader = reader
            self.reason = try Self.text(try reader.requiredString("reason"), "reason", reader)
            self.ticket = try reader.string("ticket").map { (text) throws(SettingsError) in
                try Self.text(text, "ticket", reader)
            }
        } catch {
            throw Problem(error)
        }
    }

    private static func text(
        _ text: String,
        _ key: String,
        _ reader: SettingsReader
    ) throws(SettingsError) -> String {
        guard !text.allSatisfy(\.isWhitespace), text.count <= self.longest else {
            throw reader.error(key, "takes 1 to \(self.longest) characters that somebody can read later")
        }
        return text
    }
}

extension Problem {
    /// What is wrong in a body.
    init(_ error: SettingsError) {
        self.init(.badRequest, "The body: \(error).")
    }
}

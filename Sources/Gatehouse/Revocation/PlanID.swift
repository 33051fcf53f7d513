import EnrollmentCore
import OpenSSLKit

/// Names a plan by every fact it depends on: the same facts, the same id.
enum PlanID {
    /// `P-7F3K-22QM`: 40 bits of the SHA-256 over the facts, in Crockford's base 32.
    static func of(_ facts: [String]) throws(EnrollmentError) -> String {
        let digest: [UInt8]
        do throws(OpenSSLError) {
            digest = try Digest.sha256(Array(facts.joined(separator: "\n").utf8))
        } catch {
            throw EnrollmentError(
                .internalService,
                "The cryptographic library made no digest: \(error).",
                rule: "plan.digest",
                cause: error
            )
        }
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        let bits = digest.prefix(5).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let symbols = (0..<8).map { alphabet[Int(bits >> UInt64(35 - 5 * $0) & 31)] }
        return "P-\(String(symbols[..<4]))-\(String(symbols[4...]))"
    }

    /// An id as it was typed, in the form that ``of(_:)`` gives.
    static func normalized(_ text: String) -> String {
        let symbols = text.uppercased().filter { $0 != "-" && $0 != " " }.map { symbol -> Character in
            switch symbol {
            case "O": "0"
            case "I", "L": "1"
            default: symbol
            }
        }
        let body = symbols.first == "P" && symbols.count == 9 ? Array(symbols.dropFirst()) : symbols
        return body.count == 8 ? "P-\(String(body[..<4]))-\(String(body[4...]))" : text
    }
}

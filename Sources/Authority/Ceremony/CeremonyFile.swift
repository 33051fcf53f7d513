package import EnrollmentCore
internal import OpenSSLKit

/// A ceremony's file: words for people, then the exact octets they were made from.
///
/// Whoever reads it makes the words again from the octets and refuses a file whose words are others.
package enum CeremonyFile {
    /// Which octets they are.
    package enum Kind: String, Sendable {
        case request = "GATEHOUSE CEREMONY REQUEST"
        case response = "GATEHOUSE CEREMONY RESPONSE"
        /// An offline root's key, sealed or split.
        case key = "GATEHOUSE SEALED ROOT KEY"
    }

    private static let lineLength = 76

    /// The file's text.
    package static func encode(_ text: String, _ octets: [UInt8], as kind: Kind) -> String {
        let symbols = Array(Base64.encode(octets).utf8)
        var lines = [text, "-----BEGIN \(kind.rawValue)-----"]
        for start in stride(from: 0, to: symbols.count, by: Self.lineLength) {
            lines.append(String(decoding: symbols[start..<min(start + Self.lineLength, symbols.count)], as: UTF8.self))
        }
        lines.append("-----END \(kind.rawValue)-----")
        return lines.joined(separator: "\n") + "\n"
    }

    /// The octets of a file and the words ahead of them.
    ///
    /// - Throws: ``EnrollmentError`` with rule `ceremony.malformed` when it is not exactly such a file.
    package static func decode(_ file: [UInt8], as kind: Kind) throws(EnrollmentError) -> (
        text: String, octets: [UInt8]
    ) {
        let begin = "\n-----BEGIN \(kind.rawValue)-----\n"
        guard let content = String(validating: file, as: UTF8.self), let start = content.firstRange(of: begin) else {
            throw CeremonyFieldReader.malformed
        }
        let text = String(content[..<start.lowerBound])
        let rest = content[start.upperBound...]
        guard let end = rest.firstRange(of: "\n-----END \(kind.rawValue)-----\n"), end.upperBound == rest.endIndex,
            let octets = Base64.decode(rest[..<end.lowerBound].filter { $0 != "\n" })
        else { throw CeremonyFieldReader.malformed }
        // One way to write it, line ends and all.
        guard Array(Self.encode(text, octets, as: kind).utf8) == file else { throw CeremonyFieldReader.malformed }
        return (text, octets)
    }

    /// What the file is; `nil` for neither.
    package static func kind(of file: [UInt8]) -> Kind? {
        let content = String(decoding: file, as: UTF8.self)
        return [Kind.request, .response].first { content.contains("-----BEGIN \($0.rawValue)-----") }
    }

    /// A request and the file that carries it.
    package static func encode(_ request: CeremonyRequest) throws(EnrollmentError) -> String {
        Self.encode(try CeremonyText.of(request), request.octets, as: .request)
    }

    /// Reads a request; its words are those that its octets give, and whoever it says vouches for it does.
    package static func request(in file: [UInt8]) throws(EnrollmentError) -> CeremonyRequest {
        let (text, octets) = try Self.decode(file, as: .request)
        let request = try CeremonyRequest(octets: octets)
        guard try CeremonyText.of(request) == text else { throw Self.otherWords }
        try request.verifyVouchers()
        return request
    }

    package static func encode(_ response: CeremonyResponse) throws(EnrollmentError) -> String {
        Self.encode(try CeremonyText.of(response), response.octets, as: .response)
    }

    /// Reads an answer; its words are those that its octets give.
    package static func response(in file: [UInt8]) throws(EnrollmentError) -> CeremonyResponse {
        let (text, octets) = try Self.decode(file, as: .response)
        let response = try CeremonyResponse(octets: octets)
        guard try CeremonyText.of(response) == text else { throw Self.otherWords }
        return response
    }

    private static var otherWords: EnrollmentError {
        EnrollmentError(
            .authorization,
            "The file's words are not what its octets say. Somebody changed it, or it was damaged on the way.",
            rule: "ceremony.words"
        )
    }
}

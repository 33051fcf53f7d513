public import Foundation

/// Published messages, where a copy stands beside the checkout or `GATEHOUSE_SAMPLES` names one.
public enum PublishedSamples {
    /// A sample that is not as it was when the test was written.
    public struct Unexpected: Error {
        public let name: String
    }

    /// `nil` where there is no copy.
    public static let folder: URL? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["GATEHOUSE_SAMPLES"].map { URL(filePath: $0) }
        let candidates = [named, root.deletingLastPathComponent().appending(path: "shared/samples")]
        return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0.path()) }
    }()

    /// A CMC request captured from Windows 11.
    public static func cmcRequest() throws -> [UInt8] {
        try self.base64(
            in: "mde2/real-win11-26200-certreq-cmc-request.pem.txt",
            from: "-----BEGIN NEW CERTIFICATE REQUEST-----",
            to: "-----END"
        )
    }

    /// The renewal request that [MS-WSTEP] § 4.1.5.1 shows.
    public static func renewalRequest() throws -> [UInt8] {
        try self.base64(
            in: "mde2/spec-wstep-renewal-request.xml",
            from: "oasis-200401-wss-wssecurity-secext-1.0.xsd\">",
            to: "</BinarySecurityToken>"
        )
    }

    private static func base64(in name: String, from start: String, to end: String) throws -> [UInt8] {
        guard let folder = self.folder else { throw Unexpected(name: name) }
        let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        guard let first = text.range(of: start),
            let last = text.range(of: end, range: first.upperBound..<text.endIndex),
            let data = Data(base64Encoded: text[first.upperBound..<last.lowerBound].filter { !$0.isWhitespace })
        else { throw Unexpected(name: name) }
        return Array(data)
    }
}

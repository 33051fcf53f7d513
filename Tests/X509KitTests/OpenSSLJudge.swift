import EnrollmentTestKit
import Foundation

/// What the `openssl` command makes of octets.
enum OpenSSLJudge {
    /// Runs a command that reads PEM from its standard input.
    ///
    /// - Returns: Its status, and all that it wrote.
    static func judge(_ der: [UInt8], label: String, by arguments: [String]) async throws -> ExternalCommand.Outcome {
        let body = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        let pem = "-----BEGIN \(label)-----\n\(body)\n-----END \(label)-----\n"
        return try await ExternalCommand.run("openssl", arguments, input: pem)
    }
}

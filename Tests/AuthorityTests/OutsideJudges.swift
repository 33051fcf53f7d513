import EnrollmentTestKit
import Foundation
import Testing

/// Other people's programs, asked what they think of certificates.
final class OutsideJudges: Sendable {
    /// `lint_pkix_cert` of pkilint, where the setup script puts it.
    static let linter: String? = {
        let environment = ProcessInfo.processInfo.environment
        let caches = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache"
        let folder = environment["GATEHOUSE_CACHE"] ?? caches + "/gatehouse"
        let path = folder + "/lint/bin/lint_pkix_cert"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    private let folder: URL

    init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "judges-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    }

    deinit {
        // A folder left behind hurts nobody, and there is no one here to tell.
        try? FileManager.default.removeItem(at: self.folder)
    }

    private func file(_ der: [UInt8]) throws -> String {
        let body = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        let file = self.folder.appending(path: UUID().uuidString + ".pem")
        try Data("-----BEGIN CERTIFICATE-----\n\(body)\n-----END CERTIFICATE-----\n".utf8).write(to: file)
        return file.path()
    }

    /// `openssl verify -x509_strict` at the time of the stopped clock.
    func verify(
        _ der: [UInt8],
        root: [UInt8],
        untrusted: [UInt8]? = nil,
        _ others: [String] = []
    ) async throws -> ExternalCommand.Outcome {
        var arguments = ["verify", "-x509_strict", "-check_ss_sig", "-attime", "1795176000"]
        arguments += ["-no-CApath", "-no-CAstore", "-CAfile", try self.file(root)]
        if let untrusted { arguments += ["-untrusted", try self.file(untrusted)] }
        return try await ExternalCommand.run("openssl", arguments + others + [try self.file(der)])
    }

    /// The errors that pkilint finds, each as its code and message; none in a good certificate.
    func lint(_ der: [UInt8]) async throws -> [String] {
        let linter = try #require(Self.linter)
        let arguments = ["lint", "-s", "ERROR", "-f", "JSON", try self.file(der)]
        let outcome = try await ExternalCommand.run(linter, arguments, seconds: 60)
        let report = try JSONDecoder().decode(LinterReport.self, from: Data(outcome.output.utf8))
        let errors = report.results.flatMap(\.findingDescriptions).map { "\($0.code): \($0.message ?? "")" }
        #expect((outcome.status == 0) == errors.isEmpty)
        return errors
    }
}

/// What `lint_pkix_cert -f JSON` prints, by its names.
private struct LinterReport: Decodable {
    struct Finding: Decodable {
        let code: String
        let message: String?
    }

    struct Result: Decodable {
        let findingDescriptions: [Finding]

        enum CodingKeys: String, CodingKey {
            case findingDescriptions = "finding_descriptions"
        }
    }

    let results: [Result]
}

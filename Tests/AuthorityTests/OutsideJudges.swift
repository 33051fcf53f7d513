import EnrollmentCore
import EnrollmentTestKit
import Foundation
import Testing

/// Other people's programs, asked what they think of certificates.
final class OutsideJudges: Sendable {
    /// `lint_pkix_cert` of pkilint, where the setup script puts it.
    static let linter: String? = OutsideJudges.linter("lint_pkix_cert")

    private static func linter(_ name: String) -> String? {
        let environment = ProcessInfo.processInfo.environment
        let caches = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache"
        let folder = environment["GATEHOUSE_CACHE"] ?? caches + "/gatehouse"
        let path = folder + "/lint/bin/" + name
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }

    private let folder: URL

    init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "judges-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    }

    deinit {
        // A folder left behind hurts nobody, and there is no one here to tell.
        try? FileManager.default.removeItem(at: self.folder)
    }

    private func file(_ der: [UInt8], label: String = "CERTIFICATE") throws -> String {
        let file = self.folder.appending(path: UUID().uuidString + ".pem")
        try Data(Self.pem(der, label: label).utf8).write(to: file)
        return file.path()
    }

    private static func pem(_ der: [UInt8], label: String) -> String {
        let body = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN \(label)-----\n\(body)\n-----END \(label)-----\n"
    }

    /// A file of octets as they are.
    private func raw(_ octets: [UInt8]) throws -> String {
        let file = self.folder.appending(path: UUID().uuidString + ".der")
        try Data(octets).write(to: file)
        return file.path()
    }

    /// `openssl verify -x509_strict -crl_check` with this CRL and no other.
    func verify(
        _ der: [UInt8],
        root: [UInt8],
        untrusted: [UInt8]?,
        crl: [UInt8],
        at moment: Timestamp
    ) async throws -> ExternalCommand.Outcome {
        var arguments = ["verify", "-x509_strict", "-crl_check", "-attime", "\(moment.seconds)"]
        arguments += ["-no-CApath", "-no-CAstore", "-CAfile", try self.file(root)]
        if let untrusted { arguments += ["-untrusted", try self.file(untrusted)] }
        arguments += ["-CRLfile", try self.file(crl, label: "X509 CRL"), try self.file(der)]
        return try await ExternalCommand.run("openssl", arguments)
    }

    /// `openssl crl -text`, with the signature checked by its issuer's certificate.
    func showCRL(_ der: [UInt8], issuer: [UInt8]) async throws -> ExternalCommand.Outcome {
        let arguments = ["crl", "-noout", "-text", "-CAfile", try self.file(issuer)]
        return try await ExternalCommand.run("openssl", arguments + ["-in", try self.file(der, label: "X509 CRL")])
    }

    /// A question that `openssl ocsp` asks, with a nonce of its own unless told otherwise.
    func ask(_ der: [UInt8], issuer: [UInt8], _ others: [String] = []) async throws -> [UInt8] {
        let file = self.folder.appending(path: UUID().uuidString + ".req")
        // The digest has to be named before the certificate.
        let arguments = ["-issuer", try self.file(issuer), "-cert", try self.file(der), "-reqout", file.path()]
        let outcome = try await ExternalCommand.run("openssl", ["ocsp"] + others + arguments)
        guard outcome.status == 0 else { throw NoQuestion(output: outcome.output) }
        return Array(try Data(contentsOf: file))
    }

    struct NoQuestion: Error {
        let output: String
    }

    /// What `openssl ocsp` makes of an answer to a question, at a moment.
    func readAnswer(
        _ answer: [UInt8],
        to question: [UInt8],
        about der: [UInt8],
        issuer: [UInt8],
        root: [UInt8],
        at moment: Timestamp,
        _ others: [String] = []
    ) async throws -> ExternalCommand.Outcome {
        try await ExternalCommand.run(
            "openssl",
            ["ocsp"] + others + [
                "-respin", try self.raw(answer), "-reqin", try self.raw(question), "-issuer",
                try self.file(issuer), "-cert", try self.file(der), "-CAfile", try self.file(root), "-verify_other",
                try self.file(issuer), "-no-CApath", "-no-CAstore", "-no_nonce", "-attime", "\(moment.seconds)",
                "-text",
                // openssl compares the times in answers with the machine's clock, which the tests do not follow.
                "-validity_period", "2000000000",
            ]
        )
    }

    /// What gnutls `ocsptool` makes of an answer signed by `signer`.
    func ocsptool(_ answer: [UInt8], signer: [UInt8]) async throws -> ExternalCommand.Outcome {
        let arguments = ["--load-signer", try self.file(signer), "--infile", try self.raw(answer)]
        return try await ExternalCommand.run("ocsptool", ["--verify-response"] + arguments)
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

    /// What `openssl pkcs7 -print_certs` finds in a bundle, as a file of certificates.
    func unpack(_ bundle: [UInt8]) async throws -> String {
        let file = self.folder.appending(path: UUID().uuidString + ".pem").path()
        let arguments = ["pkcs7", "-inform", "DER", "-print_certs", "-in", try self.raw(bundle), "-out", file]
        let outcome = try await ExternalCommand.run("openssl", arguments)
        try #require(outcome.status == 0, "\(outcome.output)")
        return file
    }

    /// The errors that pkilint finds, each as its code and message; none in a good certificate.
    func lint(_ der: [UInt8]) async throws -> [String] {
        try await self.lint(der, by: "lint_pkix_cert")
    }

    /// The same by another of pkilint's commands.
    func lint(_ der: [UInt8], by name: String, _ others: [String] = []) async throws -> [String] {
        let linter = try #require(Self.linter(name))
        let file = try self.raw(der)
        let arguments = ["lint"] + others + ["-s", "ERROR", "-f", "JSON", "--document-format", "DER", file]
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

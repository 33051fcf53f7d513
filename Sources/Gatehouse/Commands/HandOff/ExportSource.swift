import ArgumentParser
import CurlKit
import EnrollmentCore
import ServiceRuntime

/// Where a management server's list of devices comes from.
struct ExportSource: ParsableArguments {
    /// Larger than the list of any fleet.
    private static let largest = 64 << 30

    @Option(help: "The list as a file; - for standard input.")
    var file: String?
    @Option(help: "The list at an https address.")
    var url: String?
    @Option(help: "With --url: a file with the token that the server wants (Authorization: Bearer).")
    var tokenFile: String?
    @Option(help: "With --url: the only authorities that the server's certificate may lead to, PEM.")
    var ca: String?

    /// What records and screens call it: an address without its query, which may hold a secret.
    var name: String {
        if let url = self.url { return String(url.prefix { $0 != "?" }) }
        return self.file ?? ""
    }

    /// As it was given, for commands that a screen proposes.
    var shellWords: [String] {
        var words = self.file.map { ["--file", $0] } ?? []
        if let url = self.url { words += ["--url", url] }
        if let tokenFile = self.tokenFile { words += ["--token-file", tokenFile] }
        if let ca = self.ca { words += ["--ca", ca] }
        return words
    }

    /// Opens the list, which is fetched first where it is elsewhere.
    ///
    /// - Throws: ``CommandProblem``: `usage` for what cannot be a list, `unavailable` when the server does not give it.
    func open() async throws(CommandProblem) -> ExportReader {
        switch (self.file, self.url) {
        case (let file?, nil):
            guard self.tokenFile == nil, self.ca == nil else {
                throw .usage("--token-file and --ca belong to --url", see: "handoff reconcile")
            }
            return try ExportReader(file)
        case (nil, let url?):
            return try await self.fetch(url)
        default:
            throw .usage("say where the list is: --file or --url", see: "handoff reconcile")
        }
    }

    private func fetch(_ url: String) async throws(CommandProblem) -> ExportReader {
        guard let address = EndpointURL(url), address.isEncrypted || address.isLocal else {
            throw .usage(
                "--url is not https://host/path, without a user: a list of devices is not for everybody",
                see: "handoff reconcile"
            )
        }
        var headers = [CurlHeader("accept", "application/x-ndjson, application/jsonl, */*;q=0.1")]
        if let tokenFile = self.tokenFile {
            let token = try SecretReference.file(tokenFile).fetch()
            headers.append(
                CurlHeader("authorization", "Bearer \(String(decoding: token.reveal(), as: UTF8.self))")
            )
        }
        let file = try TemporaryFile()
        var options = CurlOptions()
        options.bodyDescriptor = file.descriptor
        options.maximumResponseSize = Self.largest
        options.timeout = 3_600_000
        if let ca = self.ca { options.trustedAuthorities = try Self.read(ca) }
        let response: CurlResponse
        do throws(CurlError) {
            response = try await CurlMulti(options).perform(.get(url, headers: headers))
        } catch {
            throw Self.unavailable(self.name, "did not give its list: \(error)")
        }
        guard response.status == 200 else {
            throw Self.unavailable(self.name, "answered with status \(response.status)")
        }
        file.rewind()
        return ExportReader(file, named: self.name)
    }

    private static func read(_ path: String) throws(CommandProblem) -> [UInt8] {
        do throws(FileError) {
            return try FilePath.read(path, limit: 16 << 20)
        } catch {
            throw CommandProblem("GH-USAGE-007", "\(error)", exit: .usage)
        }
    }

    private static func unavailable(_ name: String, _ what: String) -> CommandProblem {
        CommandProblem("GH-SERVICE-002", "\(Table.printable(name)) \(what)", exit: .unavailable)
    }
}

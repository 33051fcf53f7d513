import EnrollmentCore
import Glibc
import OpenSSLKit
import ServiceRuntime

/// Where a secret is; the configuration never holds one itself.
enum SecretReference: Hashable, Sendable {
    /// A file whose mode keeps others out.
    case file(String)
    /// An environment variable.
    case environment(String)
    /// A file in the service manager's credential directory, `$CREDENTIALS_DIRECTORY`.
    case credential(String)

    /// Reads `{file: …}`, `{env: …}` or `{credential: …}`.
    init(_ reader: SettingsReader, relativeTo folder: String) throws(SettingsError) {
        let file = try reader.string("file")
        let variable = try reader.string("env")
        let credential = try reader.string("credential")
        try reader.finish()
        switch (file, variable, credential) {
        case (let file?, nil, nil): self = .file(FilePath.resolve(file, in: folder))
        case (nil, let variable?, nil): self = .environment(variable)
        case (nil, nil, let credential?): self = .credential(credential)
        default: throw reader.error("file", "exactly one of file, env and credential is expected")
        }
    }

    /// Where it is, for messages.
    var place: String {
        switch self {
        case .file(let path): "file \(path)"
        case .environment(let name): "environment variable \(name)"
        case .credential(let name): "credential \(name)"
        }
    }

    /// Fetches the secret, without a line end at its end.
    ///
    /// - Throws: ``CommandProblem`` when it is missing, empty, or readable by others.
    func fetch() throws(CommandProblem) -> Redacted<[UInt8]> {
        var trimmed: [UInt8]
        switch self {
        case .file(let path):
            trimmed = try Self.read(path, place: self.place)
        case .environment(let name):
            guard let value = getenv(name) else { throw Self.problem("\(self.place) is not set", "export \(name)=…") }
            trimmed = Array(UnsafeBufferPointer(start: value, count: strlen(value))).map { UInt8(bitPattern: $0) }
        case .credential(let name):
            guard let folder = getenv("CREDENTIALS_DIRECTORY") else {
                throw Self.problem(
                    "\(self.place): the service manager gave no credential directory",
                    "LoadCredential=\(name):/path in the service unit"
                )
            }
            trimmed = try Self.read("\(String(cString: folder))/\(name)", place: self.place)
        }
        while let last = trimmed.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { trimmed.removeLast() }
        guard !trimmed.isEmpty else { throw Self.problem("\(self.place) is empty", "write the secret into it") }
        return Redacted(trimmed)
    }

    private static func read(_ path: String, place: String) throws(CommandProblem) -> [UInt8] {
        let mode: mode_t
        let octets: [UInt8]
        do throws(FileError) {
            mode = try FilePath.mode(of: path)
            octets = try FilePath.read(path, limit: 65_536)
        } catch {
            throw Self.problem("\(place): \(error)", "gatehouse config show")
        }
        guard mode & 0o027 == 0 else {
            throw Self.problem(
                "\(place) can be read or written by others (mode \(String(mode & 0o777, radix: 8)))",
                "chmod 600 \(path)"
            )
        }
        return octets
    }

    private static func problem(_ sentence: String, _ remedy: String) -> CommandProblem {
        CommandProblem("GH-SECRET-001", sentence, [("try", remedy)], exit: .usage)
    }
}

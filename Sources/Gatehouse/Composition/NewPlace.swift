import Authority
import EnrollmentCore

/// Writes what a new place lacks: configuration, profiles, passphrase.
///
/// Never over anything.
struct NewPlace {
    let file: String
    let host: String?

    /// Writes the configuration and the profiles unless there is a configuration already.
    ///
    /// - Returns: The files that were written.
    func prepare() throws(CommandProblem) -> [String] {
        guard !FilePath.exists(self.file) else {
            guard self.host == nil else {
                throw CommandProblem(
                    "GH-USAGE-006",
                    "\(self.file) is there and says which host it is; --host is for a new configuration",
                    [("try", "edit urls.device in \(self.file), or name another file with --config")],
                    exit: .usage
                )
            }
            return []
        }
        let folder = FilePath.folder(of: self.file)
        let profiles: [(String, [UInt8])] = [
            ("device", PackageResources.device_json5), ("server", PackageResources.server_json5),
            ("ocsp", PackageResources.ocsp_json5), ("issuing", PackageResources.issuing_json5),
            ("root", PackageResources.root_json5),
        ]
        var written: [String] = []
        do throws(FileError) {
            try FilePath.createFolder("\(folder)/profiles", mode: 0o755)
            for (name, octets) in profiles where !FilePath.exists("\(folder)/profiles/\(name).json5") {
                try FilePath.create("\(folder)/profiles/\(name).json5", octets, mode: 0o644)
                written.append("\(folder)/profiles/\(name).json5")
            }
            try FilePath.create(self.file, Array(self.configuration.utf8), mode: 0o640)
        } catch {
            throw CommandProblem("GH-INIT-002", "\(error)", exit: .failed)
        }
        return [self.file] + written
    }

    /// The checkout's configuration, with the places a stand-alone one has.
    private var configuration: String {
        var text = String(decoding: PackageResources.gatehouse_json5, as: UTF8.self)
        var changes = [
            ("\"../PKI/profiles\"", "\"profiles\""), ("\"../var/gatehouse.db\"", "\"var/gatehouse.db\""),
            ("\"../var/passphrase\"", "\"var/passphrase\""),
        ]
        if let host = self.host {
            changes += [
                ("\"https://localhost:8443\"", "\"https://\(host)\""),
                ("\"http://localhost:8080\"", "\"http://\(host)\""),
                ("\"127.0.0.1\", port: 8443", "\"0.0.0.0\", port: 443"),
                ("\"127.0.0.1\", port: 8080", "\"0.0.0.0\", port: 80"),
            ]
        }
        for (from, to) in changes { text = text.replacingFirst(from, with: to) }
        return text
    }

    /// The passphrase, made and written where it is to be a file that does not exist yet.
    static func passphrase(
        _ reference: SecretReference
    ) throws(CommandProblem) -> (secret: Redacted<[UInt8]>, made: [String]) {
        guard case .file(let path) = reference, !FilePath.exists(path) else { return (try reference.fetch(), []) }
        let random: [UInt8]
        do throws(EnrollmentError) {
            random = try OpenSSLRandomSource().octets(32)
        } catch {
            throw CommandProblem(error)
        }
        do throws(FileError) {
            try FilePath.createFolder(FilePath.folder(of: path), mode: 0o700)
            try FilePath.create(path, Array((Hexadecimal.encode(random) + "\n").utf8), mode: 0o600)
        } catch {
            throw CommandProblem("GH-INIT-002", "\(error)", exit: .failed)
        }
        return (try reference.fetch(), [path])
    }
}

extension String {
    fileprivate func replacingFirst(_ text: String, with replacement: String) -> String {
        guard let range = self.firstRange(of: text) else { return self }
        return String(self[..<range.lowerBound]) + replacement + String(self[range.upperBound...])
    }
}

import EnrollmentCore
import Glibc

/// Keeps the facts of plans for a while, so that a later run can say what has changed since.
///
/// Beside the store where that is a file, otherwise in the service manager's state directory or beside the configuration.
struct PlanFolder {
    /// Seconds after which a plan's facts are thrown away.
    private static let age = 7 * 86_400

    private let folder: String

    init(of configuration: Configuration) {
        let state = getenv("STATE_DIRECTORY").map { String(cString: $0) }
        let place =
            configuration.store.path.map(FilePath.folder) ?? state?.split(separator: ":").first.map(String.init)
            ?? FilePath.folder(of: configuration.file)
        self.folder = place + "/plans"
    }

    /// Keeps the plan's facts, and throws those of old plans away.
    ///
    /// - Throws: ``FileError`` when they cannot be kept; the plan itself is as good without.
    func keep(_ plan: String, facts: [String]) throws(FileError) {
        try FilePath.createFolder(self.folder, mode: 0o700)
        self.tidy()
        let path = "\(self.folder)/\(plan)"
        // The same id means the same facts.
        guard !FilePath.exists(path) else { return }
        try FilePath.create(path, Array(facts.joined(separator: "\n").utf8), mode: 0o600)
    }

    /// The facts of a plan; `nil` when there was no such plan, or it is too old.
    func facts(of id: String) -> [String]? {
        guard id.utf8.count == 11, id.hasPrefix("P-"), !id.contains("/"),
            // Whatever the reason, what cannot be read cannot be compared.
            let octets = try? FilePath.read("\(self.folder)/\(id)", limit: 1 << 30)
        else { return nil }
        return String(decoding: octets, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func tidy() {
        guard let listing = opendir(self.folder) else { return }
        defer { closedir(listing) }
        let oldest = time(nil) - Self.age
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { octets in
                String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
            }
            var status = stat()
            let path = "\(self.folder)/\(name)"
            guard name.hasPrefix("P-"), stat(path, &status) == 0, status.st_mtim.tv_sec < oldest else { continue }
            unlink(path)
        }
    }
}

import Ledger

/// A store as a command names it, with where its password is.
struct StoreArgument: Sendable {
    let text: String
    let passwordFile: String?
    let passwordVariable: String?
    /// `from` or `to`.
    let option: String

    /// - Throws: ``CommandProblem`` for an address that cannot be read or holds a password, and whatever is wrong with the
    ///   configuration where that names the store.
    func place(_ common: CommonOptions) throws(CommandProblem) -> StorePlace {
        guard self.passwordFile == nil || self.passwordVariable == nil else {
            throw .usage(
                "--\(self.option)-password-file and --\(self.option)-password-env exclude each other",
                see: "store copy"
            )
        }
        if self.text == "config" { return try self.configured(common) }
        guard Self.isAddress(self.text) else {
            guard !self.text.isEmpty, self.password == nil else {
                throw .usage("--\(self.option) is a file, which has no password", see: "store copy")
            }
            return .sqlite(path: self.text)
        }
        var location = PostgresLocation()
        location.address = try self.address()
        location.password = self.password
        return .postgres(try StoreOpening.settings(location))
    }

    private func address() throws(CommandProblem) -> PostgresAddress {
        do throws(PostgresAddress.Problem) {
            return try PostgresAddress(self.text)
        } catch {
            // Never repeats the address, which may hold a secret.
            throw CommandProblem(
                "GH-STORE-003",
                "--\(self.option): the address \(self.words(for: error))",
                [("try", "--\(self.option)-password-file FILE, or PGPASSWORD in the environment")],
                exit: .usage
            )
        }
    }

    private func words(for problem: PostgresAddress.Problem) -> String {
        guard case .secret(let name) = problem else { return "\(problem)" }
        return "holds a secret (\(name)), which everybody on this machine could read"
    }

    private func configured(_ common: CommonOptions) throws(CommandProblem) -> StorePlace {
        switch try common.configuration().store {
        case .sqlite(let path): return .sqlite(path: path)
        case .postgres(var location):
            if let password { location.password = password }
            return .postgres(try StoreOpening.settings(location))
        }
    }

    private var password: SecretReference? {
        self.passwordFile.map { .file($0) } ?? self.passwordVariable.map { .environment($0) }
    }

    /// `name=value` is an address in libpq's words; a file of such a name is written `./name=value`.
    private static func isAddress(_ text: String) -> Bool {
        if text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") { return true }
        guard let equals = text.firstIndex(of: "=") else { return false }
        return text[..<equals].allSatisfy { $0.isASCII && ($0.isLetter || $0 == "_" || $0 == " ") }
    }

    /// As it was given, for commands that a screen proposes; an address with a secret does not come this far.
    var shellWords: [String] {
        var words = ["--\(self.option)", self.text]
        if let passwordFile { words += ["--\(self.option)-password-file", passwordFile] }
        if let passwordVariable { words += ["--\(self.option)-password-env", passwordVariable] }
        return words
    }
}

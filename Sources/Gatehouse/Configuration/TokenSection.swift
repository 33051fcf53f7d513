import Authority
import EnrollmentCore
import ServiceRuntime

/// A PKCS #11 token that may hold issuers' keys.
struct ConfiguredToken: Hashable, Sendable {
    /// What commands call it.
    let name: String
    /// Path of the vendor's module.
    let module: String
    /// The token's own label.
    let label: String
    /// The user's, not the security officer's.
    let pin: SecretReference
    /// Signatures at once.
    let sessions: Int
    /// How long a signature may take, waiting included.
    let timeoutSeconds: Int

    var place: TokenPlace {
        TokenPlace(
            name: self.name,
            module: self.module,
            label: self.label,
            sessions: self.sessions,
            seconds: self.timeoutSeconds
        ) { () throws(EnrollmentError) in
            do throws(CommandProblem) {
                return try self.pin.fetch()
            } catch {
                throw EnrollmentError(
                    .internalService,
                    "The PIN of token \(self.name) cannot be read: \(error.sentence).",
                    rule: "token.pin-source"
                )
            }
        }
    }
}

/// Reads `tokens: [{…}]`.
enum TokenSection {
    static func read(_ entries: [SettingsReader], folder: String) throws(SettingsError) -> [ConfiguredToken] {
        var tokens: [ConfiguredToken] = []
        for entry in entries {
            let token = try self.token(entry, folder: folder)
            guard !tokens.contains(where: { $0.name == token.name }) else {
                throw entry.error("name", "\(token.name) is the name of another token already")
            }
            // The store knows a key's token by its label alone.
            guard !tokens.contains(where: { $0.label == token.label }) else {
                throw entry.error("label", "\(token.label) is the label of another token already")
            }
            tokens.append(token)
        }
        return tokens
    }

    private static func token(_ entry: SettingsReader, folder: String) throws(SettingsError) -> ConfiguredToken {
        let token = ConfiguredToken(
            name: try self.name(entry),
            module: FilePath.resolve(try entry.requiredString("module"), in: folder),
            label: try self.label(entry),
            pin: try SecretReference(try entry.requiredObject("pin"), relativeTo: folder),
            sessions: try entry.integer("sessions", in: 1...64, default: 4),
            timeoutSeconds: try entry.integer("timeoutSeconds", in: 1...60, default: 5)
        )
        try entry.finish()
        return token
    }

    private static func name(_ entry: SettingsReader) throws(SettingsError) -> String {
        let name = try entry.requiredString("name")
        let isPlain = name.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
            default: false
            }
        }
        guard isPlain, name.utf8.count <= 64 else {
            throw entry.error("name", "\(name) is not made of a–z, 0–9 and -, 64 at most")
        }
        return name
    }

    private static func label(_ entry: SettingsReader) throws(SettingsError) -> String {
        let label = try entry.requiredString("label")
        // PKCS #11 fills labels up to 32 octets with spaces, so none can end with one.
        guard label.utf8.count <= 32, label.last != " " else {
            throw entry.error("label", "\(label) is not the label of any token: those have 32 octets at most")
        }
        return label
    }
}

extension Configuration {
    /// The configured tokens, none of them opened yet; ``OpenTokens`` closes them.
    func tokenKeys(onChange: @escaping @Sendable (TokenReach) -> Void = { _ in }) -> TokenKeys {
        let tokens = TokenKeys(self.tokens.map(\.place), onChange: onChange)
        OpenTokens.add(tokens)
        return tokens
    }

    /// Refuses the name of a token that there is none of, before anything is made.
    func judgeToken(_ name: String) throws(CommandProblem) {
        guard !self.tokens.contains(where: { $0.name == name }) else { return }
        let names = self.tokens.map(\.name)
        throw CommandProblem(
            "GH-PKCS11-001",
            "the configuration has no token \(name)",
            [
                ("there is", names.isEmpty ? "none" : names.joined(separator: ", ")),
                ("try", "add it to tokens in \(self.file)"),
            ],
            exit: .usage
        )
    }
}

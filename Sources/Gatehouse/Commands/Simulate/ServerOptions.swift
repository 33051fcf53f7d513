import ArgumentParser
import DeviceSimulator

/// How a simulated device reaches its server.
struct ServerOptions: ParsableArguments {
    @Option(help: "PEM file with the only authorities the server's certificate may lead to; default: the system's.")
    var ca: String?
    @Option(help: "host:port:address to use instead of asking the resolver; repeatable.")
    var resolve: [String] = []

    func access() throws(CommandProblem) -> ServerAccess {
        var access = ServerAccess()
        access.resolve = self.resolve
        if let ca = self.ca { access.trustedAuthorities = try SimulatorFile.read(ca) }
        return access
    }
}

/// Whether a device goes on to its management server.
struct ManagementOptions: ParsableArguments {
    @Flag(help: "Have the first session with the management server of the provisioning document.")
    var manage = false
    @Option(
        help: ArgumentHelp(
            "PEM file with the only authorities that the management server's certificate may lead to; default: those of"
                + " --ca and the roots that the device was given."
        )
    )
    var manageCA: String?

    func authorities() throws(CommandProblem) -> [UInt8]? {
        guard let file = self.manageCA else { return nil }
        return try SimulatorFile.read(file)
    }
}

/// Who enrolls or is asked for a password.
struct UserOptions: ParsableArguments {
    @Option(help: "User name.")
    var user: String?
    @Option(help: "File with the password; - reads one line from standard input.")
    var passwordFile: String?
    @Option(help: "File with many users, for load: one a line, name, a tab or a colon, password.")
    var users: String?

    /// At least one user.
    func all() throws(CommandProblem) -> [SimulatedUser] {
        if let users = self.users {
            let lines = String(decoding: try SimulatorFile.read(users), as: UTF8.self)
                .split(whereSeparator: \.isNewline)
            var found: [SimulatedUser] = []
            for (number, line) in lines.enumerated() where !line.hasPrefix("#") {
                guard let cut = line.firstIndex(where: { $0 == "\t" || $0 == ":" }), cut > line.startIndex else {
                    throw .simulationUsage(
                        "\(users), line \(number + 1): a name, a tab or colon, and a password are expected"
                    )
                }
                found.append(
                    SimulatedUser(name: String(line[..<cut]), password: String(line[line.index(after: cut)...]))
                )
            }
            guard !found.isEmpty else { throw .simulationUsage("\(users) names no user") }
            return found
        }
        guard let user = self.user, let passwordFile = self.passwordFile else {
            throw .simulationUsage("--user and --password-file are needed, or --users")
        }
        let octets = passwordFile == "-" ? Array((readLine() ?? "").utf8) : try SimulatorFile.read(passwordFile)
        let password = String(decoding: octets, as: UTF8.self).trimmingLineEnd
        return [SimulatedUser(name: user, password: password)]
    }
}

/// Files an operator gives a simulation.
enum SimulatorFile {
    static func read(_ path: String) throws(CommandProblem) -> [UInt8] {
        do throws(FileError) {
            return try FilePath.read(path, limit: 64 << 20)
        } catch {
            throw CommandProblem("GH-USAGE-007", "\(error)", exit: .usage)
        }
    }
}

extension CommandProblem {
    static func simulationUsage(_ sentence: String, of command: String = "enroll") -> CommandProblem {
        CommandProblem(
            "GH-USAGE-008",
            sentence,
            [("see", "gatehouse simulate windows \(command) --help")],
            exit: .usage
        )
    }

    /// What the simulation itself could not do: a folder that cannot be read, a key that does not sign.
    static func simulation(_ failure: SimulationFailure) -> CommandProblem {
        CommandProblem("GH-SIMULATE-001", "\(failure)", exit: .failed)
    }
}

extension DeviceKey.Kind {
    /// What may be asked for by name.
    static let words: [(name: String, kind: DeviceKey.Kind)] = [
        ("rsa2048", .rsa(bits: 2048)), ("rsa3072", .rsa(bits: 3072)), ("rsa1024", .rsa(bits: 1024)),
        ("p256", .ecdsaP256),
    ]

    static func named(_ name: String, for command: String) throws(CommandProblem) -> DeviceKey.Kind {
        guard let found = self.words.first(where: { $0.name == name }) else {
            throw .simulationUsage(
                "--new-key is \(self.words.map(\.name).joined(separator: ", "))",
                of: command
            )
        }
        return found.kind
    }
}

extension String {
    fileprivate var trimmingLineEnd: String {
        var text = self[...]
        while let last = text.last, last.isNewline { text = text.dropLast() }
        return String(text)
    }
}

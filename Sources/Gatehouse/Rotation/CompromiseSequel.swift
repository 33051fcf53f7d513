import EnrollmentCore

/// What people have to do about a compromise, since no command of this machine does: each a sentence or a command.
struct CompromiseSequel {
    let plan: CompromisePlan
    /// Roots whose CRL waits for somebody to bring their key.
    let listsToBring: [IssuerRecord]
    /// The command that goes on, once what it waits for is there.
    let command: String
    let config: String?

    var lines: [String] {
        var lines: [String] = []
        if self.plan.standing.issuer.role == .root {
            lines.append("no CRL lists a root: take \(self.plan.standing.id) out of the devices' trust")
        }
        for root in self.listsToBring { lines += self.list(of: root) }
        for stop in self.plan.waiting {
            guard let root = stop.waitsFor else { continue }
            lines.append("\(stop.id) signs on until \(root.id) has certified a successor:")
            lines += Self.succession(by: root, again: self.command, config: self.config)
        }
        return lines
    }

    private func list(of root: IssuerRecord) -> [String] {
        let ids = self.plan.signers.filter { $0.value.id == root.id }.keys.sorted().joined(separator: ", ")
        let head = "the CRL of \(root.id) that lists \(ids) takes its key, which is \(root.key.place):"
        guard root.key.place == "offline" else {
            return [head, self.words(["crl", "publish", root.id, "--share-file", "…"])]
        }
        let file = "crl-\(root.id).txt"
        return [
            head, self.words(["crl", "publish", root.id, "--offline", file]),
            Self.signature(file, by: root), self.words(["ca", "import", "\(file).answer"]),
        ]
    }

    private func words(_ words: [String]) -> String { CommandLineText.of(words, config: self.config) }

    private static func signature(_ file: String, by root: IssuerRecord) -> String {
        "on the machine of \(root.id): gatehouse ceremony sign \(file) --root FOLDER"
    }

    /// The commands after which an issuer can be stopped whose successor `root` has to certify.
    static func succession(by root: IssuerRecord, again command: String, config: String?) -> [String] {
        guard root.key.place == "offline" else { return ["\(command) --share-file …"] }
        let file = "successor.txt"
        return [
            CommandLineText.of(["ca", "prepare", "--offline", file], config: config),
            Self.signature(file, by: root),
            CommandLineText.of(["ca", "import", "\(file).answer"], config: config),
            command,
        ]
    }
}

extension CommandProblem {
    /// An issuer that cannot be stopped yet: nobody could take its place.
    ///
    /// - Parameters:
    ///   - stop: The issuer.
    ///   - root: Has to certify a successor, and is not at hand.
    ///   - open: A ceremony for a successor that was begun.
    ///   - command: Declares it compromised.
    ///   - config: `--config` as it was given.
    /// - Returns: The refusal, with the commands that come next.
    static func noSuccessor(
        _ stop: CompromiseCourse.Stop,
        certifiedBy root: IssuerRecord,
        open: CeremonyRecord?,
        command: String,
        config: String?
    ) -> CommandProblem {
        var lines: [(label: String, text: String)] = [
            ("rule", "rotation.root-elsewhere"),
            ("until then", "\(stop.id) goes on signing; stop the service if that must not be"),
        ]
        if let open {
            let again = CommandLineText.of(
                ["ca", "ceremonies", "--again", open.id, "--out", "successor.txt"],
                config: config
            )
            lines.append(
                ("open", "\(open.id) asks for \(open.issuerID) since \(open.created); its file again: \(again)")
            )
        }
        if let former = stop.takenBack {
            lines.append(("first", CommandLineText.of(["ca", "abort", former.id], config: config)))
        }
        // The request that is on its way is not made twice.
        let steps = CompromiseSequel.succession(by: root, again: command, config: config)
        for (index, step) in steps.dropFirst(open == nil || steps.count == 1 ? 0 : 1).enumerated() {
            lines.append(("\(index + 1)", step))
        }
        return CommandProblem(
            "GH-CA-001",
            "a successor of \(stop.id) has to be certified by \(root.id), whose key is \(root.key.place)",
            lines,
            exit: .refused
        )
    }
}

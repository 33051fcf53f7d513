import Authority
import EnrollmentCore

/// The link certificates to a new root, as they stand, and what was asked for.
struct LinkScreen {
    let root: String
    let links: [CeremonyService.Link]
    let config: String?
    var asked: [(request: CeremonyRequest, file: String, trace: TraceID)] = []

    var output: CommandOutput {
        var table = Table([.init(title: "Link"), .init(title: "Signed by"), .init(title: "Standing")])
        for link in self.links {
            table.append("\(link.subject.id) by \(link.signer.id)", link.signer.id, self.words(link))
        }
        var lines = [table.text]
        if !self.asked.isEmpty {
            lines = [
                "Done. \(Numerals.count(self.asked.count, "request")) for what offline roots have to sign.", "",
                lines[0],
            ]
        }
        for (request, file, trace) in self.asked {
            let name = ShellWords.line([file])
            let back = CommandLineText.of(["ca", "import", "\(file).answer"], config: self.config)
            lines += [
                "On the machine of \(request.rootID):  gatehouse ceremony sign \(name) --root FOLDER",
                "Back here:  \(back)", "Trace  \(trace)", "",
            ]
        }
        lines.append("Next:  \(self.next)")
        return CommandOutput(text: lines.joined(separator: "\n") + "\n", json: self.document)
    }

    private var isMissing: Bool { self.links.contains { $0.standing == .missing } }

    private var next: String {
        if self.isMissing {
            return CommandLineText.of(["ca", "links", self.root, "--offline", "…"], config: self.config)
        }
        let isWaiting = self.links.contains { if case .asked = $0.standing { true } else { false } }
        guard isWaiting else { return CommandLineText.of(["ca", "publish", self.root], config: self.config) }
        return CommandLineText.of(["ca", "import", "…"], config: self.config)
    }

    private func words(_ link: CeremonyService.Link) -> String {
        switch link.standing {
        case .made: "there"
        case .asked(let ceremony): "asked for by ceremony \(ceremony)"
        case .missing: "missing: \(link.signer.id) is offline"
        case .comes: "made when \(self.root) is published"
        }
    }

    private var document: JSONValue {
        .object([
            ("schema", .string("gatehouse.ca-links/1")), ("root", .string(self.root)),
            (
                "links",
                .array(
                    self.links.map { link in
                        let (standing, ceremony) = link.standing.facts
                        return .object([
                            ("subject", .string(link.subject.id)), ("signedBy", .string(link.signer.id)),
                            ("standing", .string(standing)), ("ceremony", .optional(ceremony)),
                        ])
                    }
                )
            ),
            (
                "requests",
                .array(
                    self.asked.map { request, file, trace in
                        .object([
                            ("ceremony", .string(request.id)), ("root", .string(request.rootID)),
                            ("file", .string(file)),
                            ("trace", .string("\(trace)")),
                        ])
                    }
                )
            ),
        ])
    }
}

extension CeremonyService.Link.Standing {
    fileprivate var facts: (name: String, ceremony: String?) {
        switch self {
        case .made: ("made", nil)
        case .asked(let ceremony): ("asked", ceremony)
        case .missing: ("missing", nil)
        case .comes: ("comes", nil)
        }
    }
}

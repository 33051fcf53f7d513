import EnrollmentCore

/// What declaring an issuer compromised does, a line for each effect.
struct CompromiseEffects {
    let plan: CompromisePlan
    /// Devices a minute; 0 for as many as the store takes.
    let perMinute: Int
    /// `--config` as it was given, for commands that the screen proposes.
    let config: String?

    var lines: [String] { self.plan.course.stops.flatMap(self.stopping) + self.links + self.listener + self.revoking }

    private static func line(_ symbol: String, _ label: String, _ text: String) -> String {
        "  \(symbol) \(label)\(String(repeating: " ", count: max(0, 15 - label.count)))  \(text)"
    }

    private static func label(_ issuer: IssuerRecord) -> String {
        "\(issuer.role == .root ? "root" : "issuer") \(issuer.id)"
    }

    // MARK: Issuers

    private func stopping(_ stop: CompromiseCourse.Stop) -> [String] {
        let issuer = stop.standing.issuer
        if let root = stop.waitsFor {
            return [
                Self.line(
                    "!",
                    Self.label(issuer),
                    "is not stopped yet: \(root.id), whose key is \(root.key.place), has to certify a successor"
                )
            ]
        }
        var lines = [
            Self.line(
                "~",
                Self.label(issuer),
                "\(issuer.state.rawValue) -> compromised   signs nothing any more"
                    + (stop.id == self.plan.standing.id ? "" : "; hangs below \(issuer.signedBy)")
            )
        ]
        if let former = stop.takenBack {
            lines.append(
                Self.line(
                    "-",
                    Self.label(former.issuer),
                    "\(former.state.rawValue) -> aborted   cannot sign next and is taken back; its key is destroyed"
                )
            )
        }
        lines += self.succession(stop)
        if let root = stop.frozenFor {
            lines.append(
                Self.line(
                    "!",
                    "signing",
                    "stops: devices are told to come again until a successor is active, which \(root.id)"
                        + " (\(root.key.place)) has to certify"
                )
            )
        }
        if let signer = self.plan.signers[stop.id] {
            lines.append(Self.line("-", "certificate", "of \(stop.id) is revoked (cACompromise) by \(signer.id)"))
        }
        return lines
    }

    private func succession(_ stop: CompromiseCourse.Stop) -> [String] {
        let noun = stop.standing.issuer.role == .root ? "root" : "issuer"
        switch stop.successor {
        case nil: return []
        case .published(let next):
            return [Self.line("~", "\(noun) \(next)", "published -> active   signs in its place at once")]
        case .prepared(let next):
            return [Self.line("~", "\(noun) \(next)", "prepared -> active   is published, and signs in its place")]
        case .new(let next, let signer):
            let kind = CompromisePlan.algorithm(after: stop).rawValue
            let by = noun == "root" ? "" : ", certified by \(signer)"
            let seat = self.plan.findings.seats[next].map { ", \($0)" } ?? ""
            return [
                Self.line("+", "\(noun) \(next)", "\(kind)\(seat)\(by), is made, published, and signs in its place")
            ]
        }
    }

    // MARK: Certificates

    private var links: [String] {
        guard self.plan.findings.links > 0 else { return [] }
        let count = Numerals.count(self.plan.findings.links, "link certificate")
        return [Self.line("-", "links", "\(count), by which another root vouches for it, revoked (cACompromise)")]
    }

    private var listener: [String] {
        guard let issuer = self.plan.listener else { return [] }
        let stop = self.plan.course.stops.first { $0.id == issuer }
        let next = stop?.successor?.id ?? (stop?.frozenFor == nil ? "whoever signs now" : "whoever signs next")
        return [
            Self.line(
                "~",
                "listeners",
                "their TLS certificate is one of \(issuer), and revoked too; services take one of \(next) by themselves"
            )
        ]
    }

    private var revoking: [String] {
        let findings = self.plan.findings
        let count = findings.remaining
        guard count > 0 else { return [Self.line("=", "certificates", "none is left to revoke")] }
        let ids = self.plan.waves.joined(separator: ", ")
        return [
            Self.line(
                "-",
                "certificates",
                "\(Numerals.grouped(count)) of \(ids) are revoked (cACompromise), those of"
                    + " \(Numerals.count(findings.devices, "device")) among them"
            ),
            Self.line("=", "waves", self.pace(of: count)),
            Self.line("!", "devices", "have to enroll again; each one's event (revoked) tells the management server"),
        ]
    }

    private func pace(of count: Int) -> String {
        let waves = Numerals.count(CompromiseWaves.count(for: count, perMinute: self.perMinute), "wave")
        guard let seconds = CompromiseWaves.seconds(for: count, perMinute: self.perMinute) else {
            return "\(waves), as fast as the store takes them; --rate spreads them over devices a minute"
        }
        return "\(waves), \(Numerals.grouped(self.perMinute)) certificates a minute, about"
            + " \(Numerals.duration(seconds)) in all"
    }
}

import EnrollmentCore

/// One thing about an issuer that a person should know, with the command that goes on from there.
struct AuthorityNote: Sendable {
    /// `nil` where it concerns all of them.
    let issuerID: String?
    let text: String
    /// Words after `gatehouse`.
    let command: [String]?
    /// Whether somebody has to do something: a promise is broken, or will be.
    let isTrouble: Bool

    init(_ issuerID: String?, _ text: String, _ command: [String]? = nil, isTrouble: Bool = false) {
        self.issuerID = issuerID
        self.text = text
        self.command = command
        self.isTrouble = isTrouble
    }
}

extension AuthorityStatus {
    /// What lags and what is wrong, in the order of the issuers, and what will be wrong unless somebody does something.
    var notes: [AuthorityNote] {
        let own = self.entries.flatMap { entry in self.trouble(of: entry) + self.progress(of: entry) }
        return own + self.plan.warnings.map { AuthorityNote(nil, $0.sentence, isTrouble: true) }
    }

    // MARK: Trouble

    private func trouble(of entry: Entry) -> [AuthorityNote] {
        var notes: [AuthorityNote] = []
        if self.isKept(entry) {
            let lists = entry.lists
            if let next = lists.nextUpdate, next < self.now {
                let ago = Numerals.duration(self.now.seconds(since: next))
                notes.append(
                    AuthorityNote(
                        entry.id,
                        "a CRL is out of date since \(ago)",
                        ["crl", "publish", entry.id] + Self.way(to: entry.issuer.key),
                        isTrouble: true
                    )
                )
            } else if lists.missing > 0, entry.issuer.key.isAtHand {
                notes.append(
                    AuthorityNote(
                        entry.id,
                        "\(Numerals.count(lists.missing, "CRL")) never published; a running service does that",
                        ["crl", "publish", entry.id]
                    )
                )
            }
        }
        return notes
    }

    /// What a key that is not at hand takes besides.
    private static func way(to key: KeyLocation) -> [String] {
        guard !key.isAtHand else { return [] }
        return key.place == "split" ? ["--share-file", "…"] : ["--offline", "…"]
    }

    /// Whether the issuer's CRLs are still replaced.
    private func isKept(_ entry: Entry) -> Bool {
        switch entry.standing.state {
        case .published, .active, .draining, .crlOnly, .compromised: entry.standing.notAfter > self.now
        case .prepared, .retired, .aborted: false
        }
    }

    // MARK: Progress

    private func progress(of entry: Entry) -> [AuthorityNote] {
        let (id, standing) = (entry.id, entry.standing)
        switch standing.state {
        case .prepared:
            return [AuthorityNote(id, "nobody knows it yet", ["ca", "publish", id])]
        case .published: return [self.adoption(of: standing)]
        case .draining where standing.liveCertificates > 0:
            let count = Numerals.count(standing.liveCertificates, "certificate")
            let verb = standing.liveCertificates == 1 ? "hangs" : "hang"
            let end = self.plan.drained[id].map { ", the last ones until \(CAStatusScreen.day($0))" } ?? ""
            return [AuthorityNote(id, "\(count) still \(verb) on it\(end)", ["ca", "drain", id])]
        case .draining, .crlOnly:
            guard standing.liveCertificates == 0 else { return [] }
            return [AuthorityNote(id, "nothing hangs on it any more", ["ca", "retire", id])]
        case .compromised:
            guard let open = self.compromises.first(where: { $0.issuerID == id }), open.remaining > 0 else { return [] }
            return [
                AuthorityNote(
                    id,
                    open.words,
                    ["ca", "compromise", id, "--reason", "…"],
                    isTrouble: true
                )
            ]
        case .active, .retired, .aborted: return []
        }
    }

    private func adoption(of standing: IssuerStanding) -> AuthorityNote {
        let missing = max(0, self.rotation.liveDevices - standing.knowingDevices)
        guard missing > 0 else {
            return AuthorityNote(standing.id, "every device knows it", ["ca", "activate", standing.id])
        }
        let verb = missing == 1 ? "does" : "do"
        let lag = "\(Numerals.count(missing, "device")) \(verb) not know it yet"
        let command = ["ca", "adoption", standing.id, "--missing"]
        guard !self.rotation.isAdopted(standing) else { return AuthorityNote(standing.id, lag, command) }
        let threshold = "\(self.rotation.adoptionThreshold) %"
        let gate =
            standing.issuer.role == .root ? "needs \(threshold) before activation" : "less than \(threshold) know it"
        let forecast = self.plan.adoption[standing.id].map { ", at this pace on \(CAStatusScreen.day($0))" } ?? ""
        return AuthorityNote(standing.id, "\(gate)\(forecast); \(lag)", command)
    }
}

extension RotationRefusal {
    /// What is in the way, in one sentence.
    public var sentence: String {
        switch self.reason {
        case .unknown: "There is no issuer \(self.id)."
        case .idTaken: "There is, or was, an issuer \(self.id); ids are never used again."
        case .nextExists(let other, let state): "\(other) is \(state.rawValue) already; one at a time is on its way."
        case .noActiveRoot: "There is no root that signs."
        case .signerEnded(let root, let end): "The root \(root), which would sign it, ended at \(end)."
        case .state(let state, let wants):
            "\(self.id) is \(state.rawValue); \(self.verb.rawValue) takes an issuer that is \(Self.list(wants))."
        case .ended(let end): "The certificate of \(self.id) ended at \(end)."
        case .notAdopted(let missing, let live, let threshold):
            "\(missing) of \(live) live devices are not known to trust \(self.id); the threshold is \(threshold) %."
        case .signerCompromised(let root): "\(self.id) was signed by \(root), which is compromised."
        case .inUse(let count):
            count == 1
                ? "1 live certificate hangs on \(self.id)." : "\(count) live certificates hang on \(self.id)."
        case .issuersBelow(let ids):
            ids.count == 1 ? "\(Self.names(ids)) hangs on \(self.id)." : "\(Self.names(ids)) hang on \(self.id)."
        case .noSuccessor: "Nobody is there to take the place of \(self.id), which signs now."
        }
    }

    /// What to do about it.
    public var remedy: String {
        switch self.reason {
        case .unknown: "gatehouse ca status"
        case .idTaken: "choose another id, or leave --id out"
        case .nextExists(let other, .published): "gatehouse ca activate \(other), or gatehouse ca abort \(other)"
        case .nextExists(let other, _): "gatehouse ca publish \(other), or gatehouse ca abort \(other)"
        case .noActiveRoot: "gatehouse ca status"
        case .signerEnded: "gatehouse ca prepare --role root"
        case .state(let state, _): Self.remedy(after: state, of: self.id)
        case .ended, .signerCompromised: "gatehouse ca abort \(self.id), then prepare another one"
        case .notAdopted:
            "wait until more devices have renewed: gatehouse ca adoption \(self.id) --missing; or override it with a reason"
        case .inUse: "gatehouse ca drain \(self.id), and wait until its devices have renewed"
        case .issuersBelow(let ids): "retire what hangs on it first: gatehouse ca retire \(ids.first ?? "ID")"
        case .noSuccessor:
            "prepare and publish another one first; or stop signing until there is one: gatehouse ca compromise \(self.id) --freeze"
        }
    }

    /// Names the reason in ``EnrollmentError/rule``: `rotation.not-adopted`.
    public var rule: String {
        switch self.reason {
        case .unknown: "rotation.unknown"
        case .idTaken: "rotation.id"
        case .nextExists: "rotation.next-exists"
        case .noActiveRoot: "rotation.no-root"
        case .signerEnded: "rotation.signer-ended"
        case .state: "rotation.state"
        case .ended: "rotation.ended"
        case .notAdopted: "rotation.not-adopted"
        case .signerCompromised: "rotation.signer-compromised"
        case .inUse, .issuersBelow: "rotation.in-use"
        case .noSuccessor: "rotation.no-successor"
        }
    }

    private static func list(_ states: [IssuerRecord.State]) -> String {
        guard let last = states.last, states.count > 1 else { return states.first?.rawValue ?? "none" }
        return "\(states.dropLast().map(\.rawValue).joined(separator: ", ")) or \(last.rawValue)"
    }

    private static func names(_ ids: [String]) -> String {
        guard let last = ids.last, ids.count > 1 else { return ids.first ?? "nobody" }
        return "\(ids.dropLast().joined(separator: ", ")) and \(last)"
    }

    private static func remedy(after state: IssuerRecord.State, of id: String) -> String {
        switch state {
        case .prepared: "gatehouse ca publish \(id)"
        case .published: "gatehouse ca activate \(id)"
        case .active: "prepare, publish and activate a successor; \(id) drains from then on"
        case .draining: "gatehouse ca drain \(id)"
        case .crlOnly: "gatehouse ca retire \(id)"
        case .retired, .aborted, .compromised: "gatehouse ca status"
        }
    }
}

extension EnrollmentError {
    /// A step of key rotation that is not taken; its code is `authorization`, its rule the refusal's.
    public init(_ refusal: RotationRefusal, file: String = #fileID, line: UInt = #line) {
        self.init(
            .authorization,
            "\(refusal.sentence) Try: \(refusal.remedy).",
            rule: refusal.rule,
            facts: [Fact("issuer", refusal.id), Fact("verb", refusal.verb.rawValue)],
            cause: refusal,
            file: file,
            line: line
        )
    }
}

/// Everything that declaring an issuer compromised comes to, in the order in which it is done.
///
/// Pure, so that a rehearsal shows what a commit does: same issuers, same course.
public struct CompromiseCourse: Hashable, Sendable {
    /// Who signs in the place of one that signed.
    public enum Successor: Hashable, Sendable {
        /// Published, and ready to sign.
        case published(String)
        /// Made, and to be published first.
        case prepared(String)
        /// To be made first, its certificate signed by `signedBy`; by itself for a root.
        case new(String, signedBy: String)

        public var id: String {
            switch self {
            case .published(let id), .prepared(let id), .new(let id, _): id
            }
        }
    }

    /// One issuer that is stopped.
    public struct Stop: Hashable, Sendable {
        public let standing: IssuerStanding
        /// `nil` where nobody has to take its place.
        public let successor: Successor?
        /// Was to sign next, and cannot: is taken back before another one is made.
        public let takenBack: IssuerStanding?
        /// Has to certify the successor, and its key is not at hand; until then this one is not stopped.
        public let waitsFor: IssuerRecord?

        public var id: String { self.standing.id }

        /// The moves that stopping it makes, in order; that of making a successor is none.
        public var moves: [RotationChange.Move] {
            guard self.waitsFor == nil else { return [] }
            var moves: [RotationChange.Move] = []
            if let former = self.takenBack {
                moves.append(RotationChange.Move(id: former.id, from: former.state, to: .aborted))
            }
            switch self.successor {
            case nil, .published: break
            case .prepared(let id), .new(let id, _):
                moves.append(RotationChange.Move(id: id, from: .prepared, to: .published))
            }
            moves.append(RotationChange.Move(id: self.id, from: self.standing.state, to: .compromised))
            if let successor = self.successor {
                moves.append(RotationChange.Move(id: successor.id, from: .published, to: .active))
            }
            return moves
        }
    }

    /// The issuer itself first, then those below it, the one that signs last.
    ///
    /// By then a root signs that is not compromised. Without those that are compromised already.
    public let stops: [Stop]

    public var moves: [RotationChange.Move] { self.stops.flatMap(\.moves) }

    /// - Parameters:
    ///   - id: The issuer.
    ///   - rotation: All of them.
    ///   - isAtHand: Whether a key can be used without anybody's help.
    public init(of id: String, in rotation: KeyRotation, isAtHand: (IssuerRecord) -> Bool) {
        var outlook = Outlook(rotation)
        guard let first = rotation.standing(of: id) else {
            self.stops = []
            return
        }
        var stops: [Stop] = []
        if !first.state.isFinal { stops.append(outlook.stop(first, isAtHand)) }
        if first.issuer.role == .root {
            for standing in rotation.inOrderBelow(id) { stops.append(outlook.stop(standing, isAtHand)) }
        }
        self.stops = stops
    }

    /// How things will stand behind the stops so far.
    private struct Outlook {
        let rotation: KeyRotation
        var ids: [String]
        var stopped: Set<String> = []
        /// The root that signs by then; `nil` while it is the present one.
        var root: Successor?

        init(_ rotation: KeyRotation) {
            self.rotation = rotation
            self.ids = rotation.standings.map(\.id)
        }

        mutating func stop(_ standing: IssuerStanding, _ isAtHand: (IssuerRecord) -> Bool) -> Stop {
            guard standing.state == .active else {
                self.stopped.insert(standing.id)
                return Stop(standing: standing, successor: nil, takenBack: nil, waitsFor: nil)
            }
            let role = standing.issuer.role
            let next = self.rotation.next(role).flatMap { self.stopped.contains($0.id) ? nil : $0 }
            if let next, self.isUsable(next) {
                let successor: Successor = next.state == .published ? .published(next.id) : .prepared(next.id)
                self.note(standing, successor)
                return Stop(standing: standing, successor: successor, takenBack: nil, waitsFor: nil)
            }
            let id = RotationNaming.nextID(of: role, after: self.ids, at: self.rotation.now)
            let signer = role == .root ? id : self.root?.id ?? self.rotation.active(.root)?.id ?? ""
            let successor = Successor.new(id, signedBy: signer)
            // A new root's key is made here.
            let absent = self.rotation.standing(of: signer)?.issuer
            if let absent, !isAtHand(absent) {
                return Stop(standing: standing, successor: successor, takenBack: next, waitsFor: absent)
            }
            self.note(standing, successor)
            return Stop(standing: standing, successor: successor, takenBack: next, waitsFor: nil)
        }

        private func isUsable(_ standing: IssuerStanding) -> Bool {
            self.rotation.isUsable(standing) && !self.stopped.contains(standing.issuer.signedBy)
        }

        private mutating func note(_ standing: IssuerStanding, _ successor: Successor) {
            self.stopped.insert(standing.id)
            self.ids.append(successor.id)
            if standing.issuer.role == .root { self.root = successor }
        }
    }
}

extension KeyRotation {
    /// Whatever hangs below a root and is not over, in the order in which it is stopped with the root.
    func inOrderBelow(_ root: String) -> [IssuerStanding] {
        let below = self.standings.filter { $0.issuer.signedBy == root && $0.id != root && !$0.state.isFinal }
        return below.filter { $0.state != .active } + below.filter { $0.state == .active }
    }
}

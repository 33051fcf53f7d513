import EnrollmentCore
import Testing

@Suite("Key rotation, every sequence of verbs")
struct KeyRotationExplorationTests {
    private static let ids: [(id: String, role: IssuerRecord.Role)] = [
        ("R1", .root), ("A", .issuing), ("R2", .root), ("B", .issuing), ("C", .issuing),
    ]

    private static let moves: [RotationWorld.Move] =
        Self.ids.map { .prepare($0.id, $0.role) }
        + Self.ids.flatMap { one in RotationVerb.allCases.map { .verb($0, one.id) } }
        + [.verb(.activate, "R2", overriding: true), .freeze("A"), .freeze("B"), .freeze("R1"), .settle]
        + Self.ids.flatMap { [.adopt($0.id), .end($0.id)] }

    /// One world and how it was reached.
    private struct Path {
        let world: RotationWorld
        let moves: [RotationWorld.Move]
    }

    @Test(
        "up to eight in a row, with devices adopting and draining in between, break no invariant",
        .timeLimit(.minutes(25))
    )
    func exploration() throws {
        var seen: Set<RotationWorld> = [.founded]
        var edge = [Path(world: .founded, moves: [])]
        var refusals = Set<String>()
        var reached = Set<IssuerRecord.State>()
        for _ in 0..<8 {
            var next: [Path] = []
            for path in edge {
                for move in Self.moves {
                    var world = path.world
                    let outcome = world.make(move)
                    let moves = path.moves + [move]
                    if case .refused(let refusal) = outcome {
                        refusals.insert(refusal.rule)
                        try Self.require(world == path.world, "a refusal changed something", moves)
                        try Self.require(!refusal.sentence.isEmpty && !refusal.remedy.isEmpty, "no reason", moves)
                        try Self.require(
                            refusal.sentence.contains(refusal.id),
                            "a reason about nobody",
                            moves,
                            unless: refusal.reason
                        )
                        continue
                    }
                    if case .changed(let changes) = outcome {
                        for change in changes { try Self.judge(change, from: path.world, to: world, moves) }
                    }
                    guard seen.insert(world).inserted else { continue }
                    try Self.judge(world, moves)
                    try Self.judgeFinality(from: path.world, to: world, moves)
                    reached.formUnion(world.rotation.standings.map(\.state))
                    next.append(Path(world: world, moves: moves))
                }
            }
            edge = next
        }
        #expect(seen.count > 5_000)
        #expect(reached == Set(IssuerRecord.State.allCases))
        #expect(
            refusals.isSuperset(of: [
                "rotation.unknown", "rotation.id", "rotation.next-exists", "rotation.state", "rotation.not-adopted",
                "rotation.signer-compromised", "rotation.in-use", "rotation.no-successor",
            ])
        )
    }

    private struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    private static func require(
        _ holds: Bool,
        _ sentence: String,
        _ moves: [RotationWorld.Move],
        unless reason: RotationRefusal.Reason? = nil
    ) throws {
        switch reason {
        case .nextExists, .noActiveRoot, .signerEnded: return
        default: break
        }
        guard !holds else { return }
        throw Broken(description: "\(sentence): \(moves.map(\.description).joined(separator: ", "))")
    }

    // MARK: Invariants of a world

    private static func judge(_ world: RotationWorld, _ moves: [RotationWorld.Move]) throws {
        let standings = world.rotation.standings
        for role in IssuerRecord.Role.allCases {
            let own = standings.filter { $0.issuer.role == role }
            let active = own.count { $0.state == .active }
            let isFrozen = moves.contains { if case .freeze = $0 { true } else { false } }
            try self.require(active == 1 || isFrozen && active == 0, "not exactly one is active", moves)
            try self.require((active == 0) == (world.rotation.frozen(role) != nil), "frozen, and nobody knows", moves)
            let coming = own.filter { $0.state == .prepared || $0.state == .published }
            try self.require(coming.count <= 1, "two are on their way", moves)
        }
        for standing in standings {
            let isGone = standing.state == .retired || standing.state == .aborted
            try self.require((standing.issuer.key == .destroyed) == isGone, "a key too few or too many", moves)
            if isGone || standing.state == .crlOnly, standing.issuer.role == .issuing {
                try self.require(standing.liveCertificates == 0, "something hangs on what is gone", moves)
            }
            if standing.state == .retired, standing.issuer.role == .root {
                try self.require(standing.liveCertificates == 0, "an issuer hangs on a root that is gone", moves)
            }
        }
        try self.require(Set(standings.map(\.id)).count == standings.count, "an id twice", moves)
    }

    private static func judgeFinality(
        from before: RotationWorld,
        to after: RotationWorld,
        _ moves: [RotationWorld.Move]
    ) throws {
        for former in before.rotation.standings {
            guard let present = after.rotation.standing(of: former.id) else {
                throw Broken(description: "\(former.id) is forgotten after \(moves)")
            }
            if former.state.isFinal {
                try self.require(present.state == former.state, "a final state was left", moves)
            }
            if present.state == .aborted, former.state != .aborted {
                let isEarly = former.state == .prepared || former.state == .published
                try self.require(isEarly, "aborted after it signed", moves)
            }
            if present.state == .retired, former.state != .retired {
                let isDone = former.state == .draining || former.state == .crlOnly
                try self.require(isDone, "retired while it signed", moves)
            }
        }
    }

    // MARK: Invariants of a change

    private static func judge(
        _ change: RotationChange,
        from before: RotationWorld,
        to after: RotationWorld,
        _ moves: [RotationWorld.Move]
    ) throws {
        if change.isNothing {
            try self.require(before == after, "nothing changed something", moves)
            try self.require(change.announcements.isEmpty && change.destroyedKeys.isEmpty, "nothing was told", moves)
            return
        }
        var told: Set<RotationChange.Announcement> = []
        for move in change.moves {
            let standing = before.rotation.standing(of: move.id)
            try self.require(standing?.state == move.from, "a move from elsewhere", moves)
            switch move.to {
            case .published: told.insert(.init(kind: .trustPublished, id: move.id))
            case .active: told.insert(.init(kind: .trustActivated, id: move.id))
            case .retired: told.insert(.init(kind: .trustRetired, id: move.id))
            case .aborted, .compromised:
                if move.from != .prepared { told.insert(.init(kind: .trustRetired, id: move.id)) }
            case .prepared, .draining, .crlOnly: break
            }
            let destroys = move.to == .retired || move.to == .aborted
            try self.require(change.destroyedKeys.contains(move.id) == destroys, "keys and moves do not fit", moves)
            let revokes = (move.to == .aborted || move.to == .compromised) && standing?.issuer.role == .issuing
            try self.require(
                (change.revokedIssuers[move.id] != nil) == revokes,
                "revocations and moves do not fit",
                moves
            )
            if destroys { try self.require(change.needsNothingLive, "it would go with what hangs on it", moves) }
        }
        try self.require(Set(change.announcements) == told, "announcements and moves do not fit", moves)
        try self.require(change.announcements.count == told.count, "told twice", moves)
        try self.require(change.hurries == (change.verb == .drain && change.moves.isEmpty), "hurried by mistake", moves)
        if change.verb == .activate, let root = before.rotation.standing(of: change.id), root.issuer.role == .root {
            let isOpen = before.rotation.isAdopted(root) || change.overridden != nil
            try self.require(isOpen, "a root that nobody trusts signs", moves)
        }
    }
}

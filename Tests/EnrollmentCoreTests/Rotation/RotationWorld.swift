import EnrollmentCore

/// Issuers as a ledger would keep them, with the verbs that act on them; small enough to be tried in every order.
struct RotationWorld: Hashable {
    /// What somebody does, or what happens by itself.
    enum Move: Hashable, CustomStringConvertible {
        case prepare(String, IssuerRecord.Role)
        case verb(RotationVerb, String, overriding: Bool = false)
        /// Compromises it whoever there is to take its place.
        case freeze(String)
        /// Everything that is drained moves on, as the service has it.
        case settle
        /// Devices learn of it.
        case adopt(String)
        /// What hangs on it ends.
        case end(String)

        var description: String {
            switch self {
            case .prepare(let id, _): "prepare \(id)"
            case .verb(let verb, let id, let overriding): "\(verb.rawValue) \(id)\(overriding ? " all the same" : "")"
            case .freeze(let id): "freeze \(id)"
            case .settle: "settle"
            case .adopt(let id): "adopt \(id)"
            case .end(let id): "end \(id)"
            }
        }
    }

    static let now = Timestamp(seconds: 1_800_000_000)
    static let devices = 10

    var rotation: KeyRotation

    /// As `init` leaves it, with devices.
    static let founded = RotationWorld(
        rotation: KeyRotation(
            standings: [
                Self.standing("R1", .root, .active, signedBy: "R1", live: 1, knowing: Self.devices),
                Self.standing("A", .issuing, .active, signedBy: "R1", live: Self.devices, knowing: Self.devices),
            ],
            liveDevices: Self.devices,
            adoptionThreshold: 95,
            now: Self.now
        )
    )

    static func standing(
        _ id: String,
        _ role: IssuerRecord.Role,
        _ state: IssuerRecord.State,
        signedBy signer: String,
        live: Int = 0,
        knowing: Int = 0,
        key: KeyLocation = .sealed([1]),
        moments: IssuerRecord.Moments = .init(),
        created: Timestamp = Self.now,
        notAfter: Timestamp = Self.now.adding(days: 1_000)
    ) -> IssuerStanding {
        IssuerStanding(
            issuer: IssuerRecord(
                id: id,
                role: role,
                state: state,
                signedBy: signer,
                certificate: [],
                key: key,
                created: created,
                moments: moments
            ),
            notAfter: notAfter,
            liveCertificates: live,
            knowingDevices: knowing
        )
    }

    /// What came of a move: what was done, or why it was not.
    enum Outcome {
        case changed([RotationChange])
        case prepared
        case happened
        case refused(RotationRefusal)
    }

    mutating func make(_ move: Move) -> Outcome {
        do throws(RotationRefusal) {
            switch move {
            case .prepare(let id, let role):
                try self.rotation.judgePreparation(of: id, as: role)
                let signer = role == .root ? id : self.rotation.active(.root)?.id ?? ""
                self.replace(self.rotation.standings + [Self.standing(id, role, .prepared, signedBy: signer)])
                return .prepared
            case .verb(let verb, let id, let overriding):
                let change = try self.rotation.change(verb, id, overriding: overriding ? "it has to be" : nil)
                self.apply(change)
                return .changed([change])
            case .freeze(let id):
                let change = try self.rotation.change(.compromise, id, freezing: true)
                self.apply(change)
                return .changed([change])
            case .settle:
                let changes = self.rotation.drained
                changes.forEach { self.apply($0) }
                return .changed(changes)
            case .adopt(let id):
                self.update(id) { Self.with($0, knowing: Self.devices) }
                return .happened
            case .end(let id):
                // Issuers whose keys exist hang on their root, whatever devices do.
                self.update(id) { $0.issuer.role == .root ? $0 : Self.with($0, live: 0) }
                return .happened
            }
        } catch {
            return .refused(error)
        }
    }

    private mutating func apply(_ change: RotationChange) {
        for move in change.moves {
            self.update(move.id) { standing in
                precondition(standing.state == move.from, "a change that starts from where nobody is")
                let live = move.to == .active && standing.issuer.role == .issuing ? Self.devices : nil
                return Self.with(standing, state: move.to, live: live)
            }
        }
        for id in change.destroyedKeys { self.update(id) { Self.with($0, key: .destroyed) } }
        if change.hurries {
            self.update(change.id) { standing in
                var moments = standing.issuer.moments
                moments.hurried = Self.now
                return Self.with(standing, moments: moments)
            }
        }
    }

    private mutating func update(_ id: String, _ body: (IssuerStanding) -> IssuerStanding) {
        self.replace(self.rotation.standings.map { $0.id == id ? body($0) : $0 })
    }

    /// Counts again what hangs on roots.
    private mutating func replace(_ standings: [IssuerStanding]) {
        let counted = standings.map { root in
            guard root.issuer.role == .root else { return root }
            let below = standings.filter {
                $0.issuer.signedBy == root.id && $0.id != root.id && $0.issuer.key != .destroyed
            }
            return Self.with(root, live: below.count)
        }
        self.rotation = KeyRotation(
            standings: counted,
            liveDevices: self.rotation.liveDevices,
            adoptionThreshold: self.rotation.adoptionThreshold,
            now: self.rotation.now
        )
    }

    private static func with(
        _ standing: IssuerStanding,
        state: IssuerRecord.State? = nil,
        key: KeyLocation? = nil,
        moments: IssuerRecord.Moments? = nil,
        live: Int? = nil,
        knowing: Int? = nil
    ) -> IssuerStanding {
        Self.standing(
            standing.id,
            standing.issuer.role,
            state ?? standing.state,
            signedBy: standing.issuer.signedBy,
            live: live ?? standing.liveCertificates,
            knowing: knowing ?? standing.knowingDevices,
            key: key ?? standing.issuer.key,
            moments: moments ?? standing.issuer.moments
        )
    }
}

package import EnrollmentCore
package import OpenSSLKit

extension RotationService {
    /// What declaring an issuer compromised would come to.
    package func courseOfCompromise(_ id: String, in rotation: KeyRotation) -> CompromiseCourse {
        CompromiseCourse(of: id, in: rotation) { self.ports.keys.isAtHand($0) }
    }

    /// Whether the service can sign with it, as things are.
    package func isAtHand(_ issuer: IssuerRecord) -> Bool { self.ports.keys.isAtHand(issuer) }

    /// Stops an issuer at once: somebody else signs from then on, and what others signed for it is revoked.
    ///
    /// Of an active one a successor is prepared and published first, where there is none. Whatever hangs below a
    /// compromised root is stopped too, but for one whose successor a key has to sign that is not at hand. The
    /// certificates that the issuer signed are left to whoever asked: they are many. Broken off anywhere, it goes on when
    /// it is ordered again.
    ///
    /// - Parameters:
    ///   - id: The issuer.
    ///   - key: Of a successor that has to be made; `nil` for one like the present.
    ///   - keyMaker: Makes it; `nil` takes the service's own.
    ///   - act: Who, why.
    /// - Returns: The moves, in the order in which they were made; none when all was done before.
    /// - Throws: ``EnrollmentError`` as the steps do.
    package func compromise(
        _ id: String,
        successorKey key: KeyType? = nil,
        keyMaker: (any IssuerKeyMaker)? = nil,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> [RotationChange.Move] {
        try Self.requireSuccessor(of: id, self.courseOfCompromise(id, in: try await self.rotation()))
        var moves = try await self.stop(id, key, keyMaker, by: act)
        // Each is looked at anew: what was stopped before decides about the next.
        for stop in self.courseOfCompromise(id, in: try await self.rotation()).stops where stop.waitsFor == nil {
            moves += try await self.stop(stop.id, key, keyMaker, by: try self.companion(of: act, .compromiseIssuer))
        }
        return moves
    }

    private func stop(
        _ id: String,
        _ key: KeyType?,
        _ keyMaker: (any IssuerKeyMaker)?,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> [RotationChange.Move] {
        let moves = try await self.succeed(id, key, keyMaker, by: act)
        let rotation = try await self.rotation()
        let change = try self.change(.compromise, id, in: rotation)
        try await self.carryOut(change, in: rotation, by: act)
        return moves + change.moves
    }

    /// Does all of ``compromise(_:successorKey:keyMaker:by:)`` but the deed, as far as that goes.
    ///
    /// What can only be judged once something before it is there is not: a successor below a root that is to be made.
    ///
    /// - Returns: The moves that would be made, in their order.
    /// - Throws: ``EnrollmentError`` as the steps would.
    package func rehearseCompromise(
        _ id: String,
        successorKey key: KeyType? = nil,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> [RotationChange.Move] {
        let rotation = try await self.rotation()
        guard let standing = rotation.standing(of: id) else {
            throw EnrollmentError(RotationRefusal(.compromise, id, .unknown))
        }
        // Says why one whose life is over is not stopped any more.
        if standing.state.isFinal { _ = try self.change(.compromise, id, in: rotation) }
        let course = self.courseOfCompromise(id, in: rotation)
        try Self.requireSuccessor(of: id, course)
        for stop in course.stops where stop.waitsFor == nil {
            try await self.rehearse(stop, key, in: rotation, by: act)
        }
        return course.moves
    }

    private func rehearse(
        _ stop: CompromiseCourse.Stop,
        _ key: KeyType?,
        in rotation: KeyRotation,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) {
        if let former = stop.takenBack {
            try await self.rehearse(try self.change(.abort, former.id, in: rotation), in: rotation, by: act)
        }
        switch stop.successor {
        case nil, .published:
            try await self.rehearse(try self.change(.compromise, stop.id, in: rotation), in: rotation, by: act)
        case .prepared(let id):
            let publication = try self.change(.publish, id, in: rotation)
            try await self.ports.ledger.rehearse(
                publication,
                announcing: try self.announcements(of: publication, in: rotation),
                by: act
            )
        case .new:
            let role = stop.standing.issuer.role
            // Tried with the root that signs now: the one that will is either that, or one of the same profile.
            let root = rotation.active(.root)?.issuer
            guard rotation.next(role) == nil, role == .root || root.map(self.ports.keys.isAtHand) ?? false else {
                return
            }
            _ = try await self.rehearse(try self.successor(of: stop.standing, key, in: rotation))
        }
    }

    /// Before anything is done: without a successor an issuer that signs is not stopped.
    private static func requireSuccessor(of id: String, _ course: CompromiseCourse) throws(EnrollmentError) {
        guard let root = course.stops.first(where: { $0.id == id })?.waitsFor else { return }
        throw EnrollmentError(
            .authorization,
            "A successor of \(id) has to be certified by \(root.id), whose key is \(root.key.place). Nothing was done.",
            rule: "rotation.root-elsewhere",
            facts: [Fact("root", root.id), Fact("place", root.key.place)]
        )
    }

    /// Sees to it that somebody can take an active issuer's place.
    private func succeed(
        _ id: String,
        _ key: KeyType?,
        _ keyMaker: (any IssuerKeyMaker)?,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> [RotationChange.Move] {
        var rotation = try await self.rotation()
        guard let standing = rotation.standing(of: id), standing.state == .active,
            rotation.successor(of: standing) == nil
        else { return [] }
        let role = standing.issuer.role
        var moves: [RotationChange.Move] = []
        if let next = rotation.next(role), !rotation.isUsable(next) {
            let change = try self.change(.abort, next.id, in: rotation)
            try await self.carryOut(change, in: rotation, by: try self.companion(of: act, .abortIssuer))
            moves += change.moves
            rotation = try await self.rotation()
        }
        if rotation.next(role) == nil {
            let order = try self.successor(of: standing, key, in: rotation)
            _ = try await self.prepare(order, keyMaker: keyMaker, by: try self.companion(of: act, .prepareIssuer))
            rotation = try await self.rotation()
        }
        if let next = rotation.next(role), next.state == .prepared {
            // No links: a root that is about to be compromised vouches for nobody, and nobody for it.
            let change = try self.change(.publish, next.id, in: rotation)
            try await self.ports.ledger.apply(
                change,
                announcing: try self.announcements(of: change, in: rotation),
                by: try self.companion(of: act, .publishIssuer)
            )
            moves += change.moves
        }
        return moves
    }

    private func successor(
        of standing: IssuerStanding,
        _ key: KeyType?,
        in rotation: KeyRotation
    ) throws(EnrollmentError) -> Order {
        let role = standing.issuer.role
        let id = RotationNaming.nextID(of: role, after: rotation.standings.map(\.id), at: rotation.now)
        if let key { return Order(id: id, role: role, key: key) }
        return Order(id: id, role: role, key: try KeyType(of: standing.issuer))
    }

    private func change(
        _ verb: RotationVerb,
        _ id: String,
        in rotation: KeyRotation
    ) throws(EnrollmentError) -> RotationChange {
        try self.change(verb, id, in: rotation, overriding: nil)
    }

    /// The world learns of a compromise by CRLs of whoever signed the issuer: now, and not within a minute.
    func publishWaiting() async throws(EnrollmentError) {
        try await self.ports.issuerKeys.refresh()
        let roots = self.ports.issuerKeys.issuers.filter { $0.record.role == .root }.map(\.id)
        for standing in try await self.ports.ledger.shards()
        where roots.contains(standing.shard.issuerID) && standing.waitingSince != nil
            && self.ports.issuerKeys.publishes(standing.shard.issuerID, at: self.ports.clock.now)
        {
            // Where another process is just at it, it is done, too.
            _ = try await self.ports.publisher.publish(standing)
        }
    }
}

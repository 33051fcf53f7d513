package import EnrollmentCore
package import OpenSSLKit

extension RotationService {
    /// Stops an issuer at once: somebody else signs from then on, and what others signed for it is revoked.
    ///
    /// Of an active one a successor is prepared and published first, where there is none. Whatever hangs below a
    /// compromised root is stopped too. The certificates that the issuer signed are left to whoever asked: they are many.
    /// Broken off anywhere, it goes on when it is ordered again.
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
        var moves = try await self.succeed(id, key, keyMaker, by: act)
        let rotation = try await self.rotation()
        let change = try await self.change(.compromise, id, in: rotation)
        try await self.carryOut(change, in: rotation, by: act)
        moves += change.moves
        let below = try await self.rotation().below(compromised: id).map(\.id)
        // The active one last: by then its successor can be signed by a root that is not compromised.
        for issuer in below {
            moves += try await self.compromise(
                issuer,
                successorKey: key,
                keyMaker: keyMaker,
                by: try self.companion(of: act, .compromiseIssuer)
            )
        }
        return moves
    }

    /// Does all of ``compromise(_:successorKey:keyMaker:by:)`` but the deed, as far as that goes.
    ///
    /// - Returns: The moves that would be made of `id` and its successor.
    package func rehearseCompromise(
        _ id: String,
        successorKey key: KeyType? = nil,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> [RotationChange.Move] {
        let rotation = try await self.rotation()
        guard let standing = rotation.standing(of: id), standing.state == .active,
            rotation.successor(of: standing) == nil
        else {
            let change = try await self.change(.compromise, id, in: rotation)
            try await self.rehearse(change, in: rotation, by: act)
            return change.moves
        }
        var moves = [RotationChange.Move(id: id, from: .active, to: .compromised)]
        if let next = rotation.next(standing.issuer.role), rotation.isUsable(next) {
            moves.append(RotationChange.Move(id: next.id, from: next.state, to: .active))
            return moves
        }
        let order = try self.successor(of: standing, key, in: rotation)
        if rotation.next(standing.issuer.role) == nil { _ = try await self.rehearse(order) }
        moves.append(RotationChange.Move(id: order.id, from: .prepared, to: .active))
        return moves
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
            let change = try await self.change(.abort, next.id, in: rotation)
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
            let change = try await self.change(.publish, next.id, in: rotation)
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
    ) async throws(EnrollmentError) -> RotationChange {
        do throws(RotationRefusal) {
            return try rotation.change(verb, id)
        } catch {
            throw EnrollmentError(error)
        }
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

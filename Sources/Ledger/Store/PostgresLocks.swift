internal import EnrollmentCore
internal import PostgresKit
internal import SQLText

/// The locks of a transaction, all of PostgreSQL's advisory kind, which end with it.
///
/// They are of four classes, and taken in this order: users (1), keys (2), named things (3), the log of revocations (4).
/// Within a class they are taken in ascending order. So two transactions wait for each other only by way of rows, which
/// the server notices and ends (40P01). A user or key is locked by its stripe: many share one, which costs a wait now and
/// then and spares the server's table of locks.
extension PostgresSession {
    func lock(_ plan: LockPlan) throws {
        switch (plan.users.count, plan.devices.count, plan.serials.count, plan.thumbprints.count, plan.keys.count) {
        case (0, 0, 0, 0, 0): break
        case (1, 0, 0, 0, 0): try self.tell(Self.ofUser, [.text(plan.users[0])])
        case (1, 0, 0, 0, 1): try self.tell(Self.ofUserAndKey, [.text(plan.users[0]), .octets(plan.keys[0])])
        case (0, 1, 0, 0, 0): try self.tell(Self.ofDevice, [.octets(plan.devices[0].octets)])
        case (0, 0, 1, 0, 0): try self.tell(Self.ofSerial, [.octets(plan.serials[0].octets)])
        case (0, 0, 0, 1, 0): try self.tell(Self.ofThumbprint, [.octets(plan.thumbprints[0])])
        case (0, 0, 0, 0, 1): try self.tell(Self.ofKey, [.octets(plan.keys[0])])
        default: try self.lockMany(plan)
        }
        for name in plan.names.sorted() { try self.tell(Self.ofName, [.text(name)]) }
        if plan.needsIssuer { try self.tell(Self.ofIssuer) }
    }

    private static let ofUser: SQL = "SELECT pg_advisory_xact_lock(1, hashtext(?1) & 1023)"
    private static let ofUserAndKey: SQL = """
        SELECT pg_advisory_xact_lock(1, hashtext(?1) & 1023), pg_advisory_xact_lock(2, hashtext(encode(?2, 'hex')) & 255)
        """
    private static let ofDevice: SQL = """
        SELECT pg_advisory_xact_lock(1, hashtext(user_id) & 1023) FROM device WHERE id = ?1
        """
    /// A certificate of the service's own has no owner, and a lock of NULL is none.
    private static let ofSerial: SQL = """
        SELECT pg_advisory_xact_lock(1, hashtext(d.user_id) & 1023),
            pg_advisory_xact_lock(2, hashtext(encode(c.key_digest, 'hex')) & 255)
        FROM certificate c LEFT JOIN device d ON d.id = c.device WHERE c.serial = ?1
        """
    private static let ofThumbprint: SQL = """
        SELECT pg_advisory_xact_lock(1, hashtext(d.user_id) & 1023)
        FROM certificate c JOIN device d ON d.id = c.device WHERE c.thumbprint = ?1
        """
    private static let ofKey: SQL = "SELECT pg_advisory_xact_lock(2, hashtext(encode(?1, 'hex')) & 255)"
    private static let ofName: SQL = "SELECT pg_advisory_xact_lock(3, hashtext(?1))"
    /// Together with others; as ``LockPlan/issuer`` is named.
    private static let ofIssuer: SQL = "SELECT pg_advisory_xact_lock_shared(3, hashtext('issuer'))"

    /// Lists go as hexadecimal texts: there is no type for them on our side.
    private static let ofOwners: SQL = """
        SELECT pg_advisory_xact_lock(1, stripe) FROM (
            SELECT DISTINCT hashtext(owner COLLATE "C") & 1023 AS stripe FROM (
                SELECT convert_from(decode(u, 'hex'), 'UTF8') AS owner FROM unnest(string_to_array(?1, ',')) AS u
                UNION ALL
                SELECT d.user_id FROM unnest(string_to_array(?2, ',')) AS i JOIN device d ON d.id = decode(i, 'hex')
                UNION ALL
                SELECT d.user_id FROM unnest(string_to_array(?3, ',')) AS s
                    JOIN certificate c ON c.serial = decode(s, 'hex') JOIN device d ON d.id = c.device
                UNION ALL
                SELECT d.user_id FROM unnest(string_to_array(?4, ',')) AS t
                    JOIN certificate c ON c.thumbprint = decode(t, 'hex') JOIN device d ON d.id = c.device) AS owners
            ORDER BY stripe) AS stripes
        """
    private static let ofKeys: SQL = """
        SELECT pg_advisory_xact_lock(2, stripe) FROM (
            SELECT DISTINCT hashtext(encode(digest, 'hex')) & 255 AS stripe FROM (
                SELECT decode(k, 'hex') AS digest FROM unnest(string_to_array(?1, ',')) AS k
                UNION ALL
                SELECT c.key_digest FROM unnest(string_to_array(?2, ',')) AS s
                    JOIN certificate c ON c.serial = decode(s, 'hex')) AS digests
            ORDER BY stripe) AS stripes
        """

    private func lockMany(_ plan: LockPlan) throws {
        let serials = Self.list(plan.serials.map(\.octets))
        let owners: [PostgresValue] = [
            Self.list(plan.users.map { Array($0.utf8) }), Self.list(plan.devices.map(\.octets)), serials,
            Self.list(plan.thumbprints),
        ]
        try self.tell(Self.ofOwners, owners)
        try self.tell(Self.ofKeys, [Self.list(plan.keys), serials])
    }

    private static func list(_ items: [[UInt8]]) -> PostgresValue {
        .text(items.map { Hexadecimal.encode($0) }.joined(separator: ","))
    }
}

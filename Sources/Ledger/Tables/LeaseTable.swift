internal import EnrollmentCore
internal import SQLText

/// Who alone may do what for a while, among all processes that share the database.
struct LeaseTable {
    /// The longest that a lease can last, in seconds.
    ///
    /// One that ends later than this from now was taken by a clock that has been put back since; it does not hold,
    /// otherwise nobody could take it for years.
    static let longest: Int64 = 86_400

    struct Lease {
        let holder: String
        let until: Timestamp
    }

    let connection: LedgerConnection

    /// Takes a lease that is free, has run out, or is the holder's own.
    ///
    /// It lasts as long as from `now` to `until`, by the clock of the store: those of its users may differ.
    ///
    /// - Returns: The lease that stands in the way, or `nil` when it was taken.
    func take(_ name: String, holder: String, now: Timestamp, until: Timestamp) throws -> Lease? {
        let present = try self.connection.present(now)
        let until = Timestamp(microseconds: present.microseconds + until.microseconds - now.microseconds)
        let now = present
        let latest = now.adding(seconds: Self.longest)
        if let standing = try self.standing(name), standing.holder != holder, standing.until > now,
            standing.until <= latest
        {
            return standing
        }
        let statement = try self.connection.prepare(
            """
            INSERT INTO lease (name, holder, until) VALUES (?1, ?2, ?3)
            ON CONFLICT (name) DO UPDATE SET holder = ?2, until = ?3
            """
        )
        try statement.bind(name, at: 1)
        try statement.bind(holder, at: 2)
        try statement.bind(min(until, latest).microseconds, at: 3)
        try statement.run()
        return nil
    }

    /// The lease of that name, whether it has run out or not.
    func standing(_ name: String) throws -> Lease? {
        let row = try self.connection.prepare("SELECT holder, until FROM lease WHERE name = ?1")
        try row.bind(name, at: 1)
        guard try row.step() else { return nil }
        return Lease(holder: row.text(0), until: Timestamp(microseconds: row.integer(1)))
    }

    func giveBack(_ name: String) throws {
        let statement = try self.connection.prepare("DELETE FROM lease WHERE name = ?1")
        try statement.bind(name, at: 1)
        try statement.run()
    }
}

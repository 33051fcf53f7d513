internal import SQLText

/// What a ``FleetComparison`` is asked, once it is filled and matched.
enum ComparisonQuestion {
    static func count(of kind: Discrepancy.Kind) -> SQL { self.counts[kind] ?? self.nothing }
    static func list(of kind: Discrepancy.Kind) -> SQL { self.lists[kind] ?? self.nothing }

    /// Kept, since the text of a statement names it.
    private static let counts = Dictionary(
        uniqueKeysWithValues: Discrepancy.Kind.allCases.map { ($0, Self.count + Self.source(of: $0)) }
    )
    private static let lists = Dictionary(
        uniqueKeysWithValues: Discrepancy.Kind.allCases.map { ($0, Self.columns + Self.source(of: $0) + Self.order) }
    )
    private static let nothing: SQL = "SELECT 0 WHERE 0"

    /// Every statement takes both moments, whether or not it asks for them.
    private static let count: SQL = "SELECT count(*), ?1, ?2"
    private static let columns: SQL = """
        SELECT t.line, COALESCE(d.id, t.device), d.state, d.name, d.user, d.sha, t.sha, t.user, t.seen, a.detail, ?1, ?2
        """
    private static let order: SQL = "ORDER BY d.id, t.line LIMIT ?3 OFFSET ?4"
    /// Live devices of the server's, each with the first line about it.
    private static let devices: SQL = """
        FROM device d LEFT JOIN told t ON t.line = (SELECT min(line) FROM told WHERE match = d.id)
        LEFT JOIN absent a ON a.user_id = d.user_id WHERE d.live AND NOT d.elsewhere AND
        """
    private static let lines: SQL = """
        FROM told t LEFT JOIN device d ON d.id = t.match LEFT JOIN absent a ON a.user_id = d.user_id WHERE
        """

    private static func source(of kind: Discrepancy.Kind) -> SQL {
        switch kind {
        case .missing: self.devices + "t.line IS NULL AND d.enrolled < ?1"
        case .unknown: self.lines + "t.match IS NULL"
        case .ended: self.lines + "d.live = 0"
        case .elsewhere: self.lines + "d.live AND d.elsewhere"
        case .otherCertificate: self.lines + "d.live AND NOT d.elsewhere AND t.sha <> d.sha"
        case .otherUser: self.lines + "d.live AND NOT d.elsewhere AND t.user <> lower(d.user)"
        case .repeated: self.lines + "t.line > (SELECT min(o.line) FROM told o WHERE o.match = t.match)"
        case .userGone: self.devices + "a.gone"
        case .userDisabled: self.devices + "NOT a.gone"
        case .silent: self.devices + self.unseen
        }
    }

    /// A device that never came after its enrollment was seen by nobody here, whatever its last proven contact.
    private static let unseen: SQL = """
        max(COALESCE(t.seen, 0), CASE WHEN d.state IN ('issued', 'handed-off') THEN 0 ELSE d.contact END) < ?2
        AND d.enrolled < ?2
        """
}

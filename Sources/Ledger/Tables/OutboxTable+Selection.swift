internal import EnrollmentCore
internal import SQLText

/// Events that somebody asks for, the newest first.
extension OutboxTable {
    /// Where an event is, for whoever does not need more of it.
    struct Place {
        let position: Int64
        let device: DeviceID?
    }

    private static let placeColumns: SQL = "SELECT o.ordinal, o.recorded, o.position, o.device, o.kind FROM outbox o"
    private static let inList: SQL = "WHERE o.event IN" + Batch.placeholders + "AND o.position > 0"
    /// Which index it goes by is said, since there is one for positions too.
    private static let rest: SQL = """
        AND +o.position > 0 AND o.recorded >= ?4 AND o.recorded < ?5
        AND (?6 IS NULL OR ?6 LIKE '%,' || o.kind || ',%')
        """
    private static let ofDevice =
        "WHERE o.device = ?3 AND o.ordinal < ?1" + Self.rest + "ORDER BY o.ordinal DESC LIMIT ?2"
    private static let ofTime =
        "WHERE o.recorded <= ?3 AND (o.recorded < ?3 OR o.ordinal < ?1)" + Self.rest
        + "ORDER BY o.recorded DESC, o.ordinal DESC LIMIT ?2"
    private static let eventsInList = FeedRow.columns + Self.inList
    private static let eventsOfDevice = FeedRow.columns + Self.ofDevice
    private static let eventsOfTime = FeedRow.columns + Self.ofTime
    private static let placesInList = Self.placeColumns + Self.inList
    private static let placesOfDevice = Self.placeColumns + Self.ofDevice
    private static let placesOfTime = Self.placeColumns + Self.ofTime

    /// A row of either kind with what its list goes by.
    private struct Found<Element> {
        let ordinal: Int64
        let recorded: Int64
        let device: DeviceID?
        let kind: String
        let element: Element
    }

    func events(_ selection: EventSelection, after key: String?, limit: Int) throws -> Page<FeedEvent> {
        let page = try self.find(
            selection,
            after: key,
            limit: limit,
            (Self.eventsInList, Self.eventsOfDevice, Self.eventsOfTime)
        ) { row in try FeedRow(row) }
        return Page(elements: try self.complete(page.elements), next: page.next)
    }

    func places(_ selection: EventSelection, after key: String?, limit: Int) throws -> Page<Place> {
        try self.find(
            selection,
            after: key,
            limit: limit,
            (Self.placesInList, Self.placesOfDevice, Self.placesOfTime)
        ) { row in
            Place(position: row.integer(2), device: row.optionalOctets(3).flatMap { DeviceID(octets: $0) })
        }
    }

    private func find<Element: Sendable>(
        _ selection: EventSelection,
        after key: String?,
        limit: Int,
        _ statements: (inList: SQL, ofDevice: SQL, ofTime: SQL),
        _ element: (borrowing LedgerStatement) throws -> Element
    ) throws -> Page<Element> {
        let after = try PairKey(key, otherwise: PairKey(.max, .max))
        let limit = PageSize.clamped(limit)
        let found: [Found<Element>]
        if !selection.ids.isEmpty {
            let all = try self.find(selection, statements.inList, element)
            found = Array(all.filter { ($0.recorded, $0.ordinal) < (after.first, after.second) }.prefix(limit + 1))
        } else {
            let row = try self.connection.prepare(selection.device == nil ? statements.ofTime : statements.ofDevice)
            try row.bind(after.second, at: 1)
            try row.bind(limit + 1, at: 2)
            if let device = selection.device {
                try row.bind(device.octets, at: 3)
            } else {
                try row.bind(after.first, at: 3)
            }
            try row.bind((selection.from ?? Timestamp(microseconds: .min)).microseconds, at: 4)
            try row.bind((selection.until ?? Timestamp(microseconds: .max)).microseconds, at: 5)
            try row.bind(Self.list(selection.kinds), at: 6)
            found = try Self.found(row, element)
        }
        let page = found.prefix(limit)
        let next = found.count > limit ? page.last.map { PairKey($0.recorded, $0.ordinal).description } : nil
        return Page(elements: page.map(\.element), next: next)
    }

    /// Those of a list that fit the rest of the selection.
    private func find<Element: Sendable>(
        _ selection: EventSelection,
        _ statement: SQL,
        _ element: (borrowing LedgerStatement) throws -> Element
    ) throws -> [Found<Element>] {
        let ids = Set(selection.ids.map(\.octets)).sorted { $0.lexicographicallyPrecedes($1) }
        let all = try Batch.rows(of: ids, on: self.connection) { batch in
            let row = try self.connection.prepare(statement)
            for (index, id) in batch.enumerated() { try row.bind(id, at: Int32(index + 1)) }
            return try Self.found(row, element)
        }
        let kinds = Set(selection.kinds.map(\.rawValue))
        let fitting = all.filter { found in
            (selection.device == nil || found.device == selection.device)
                && (kinds.isEmpty || kinds.contains(found.kind))
                && found.recorded >= (selection.from?.microseconds ?? .min)
                && found.recorded < (selection.until?.microseconds ?? .max)
        }
        return fitting.sorted { ($0.recorded, $0.ordinal) > ($1.recorded, $1.ordinal) }
    }

    private static func found<Element: Sendable>(
        _ row: borrowing LedgerStatement,
        _ element: (borrowing LedgerStatement) throws -> Element
    ) throws -> [Found<Element>] {
        var found: [Found<Element>] = []
        while try row.step() {
            found.append(
                Found(
                    ordinal: row.integer(0),
                    recorded: row.integer(1),
                    device: row.optionalOctets(3).flatMap { DeviceID(octets: $0) },
                    kind: row.text(4),
                    element: try element(row)
                )
            )
        }
        return found
    }
}

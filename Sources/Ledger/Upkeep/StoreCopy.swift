internal import Dispatch
package import EnrollmentCore
internal import SQLText
package import SQLiteKit

/// Copies a whole store into another, row by row, and compares what arrived.
///
/// Each batch of rows is one transaction, which also moves the mark of how far the copy is: killed at any moment, the
/// same copy goes on where it was. What has arrived is read back and compared with the source, row by row; only then
/// can the store be opened.
package struct StoreCopy: Sendable {
    /// How many differing rows are named.
    package static let mostNamed = 10

    private let origin: StorePlace
    private let target: StorePlace
    private let digest: StoreDigest
    private let progress: @Sendable (StoreCopyProgress) -> Void
    private let isStopped: @Sendable () -> Bool
    private let faults: SQLiteFaultPlan?

    /// - Parameters:
    ///   - origin: The store that is copied.
    ///   - target: The store that it is copied into; made where there is none.
    ///   - digest: SHA-256.
    ///   - progress: Hears after each batch.
    ///   - isStopped: Asked after each batch; true ends the run.
    ///   - faults: Breaks the destination on purpose; for tests.
    package init(
        from origin: StorePlace,
        to target: StorePlace,
        digest: @escaping StoreDigest,
        progress: @escaping @Sendable (StoreCopyProgress) -> Void = { _ in },
        isStopped: @escaping @Sendable () -> Bool = { false },
        faults: SQLiteFaultPlan? = nil
    ) {
        self.origin = origin
        self.target = target
        self.digest = digest
        self.progress = progress
        self.isStopped = isStopped
        self.faults = faults
    }

    /// Reads the source through and says what a copy would do, and what would refuse it.
    ///
    /// - Throws: ``EnrollmentError`` when one of the two cannot be looked at.
    package func rehearse() async throws(EnrollmentError) -> StoreCopyReport {
        try await Self.blocking { () throws(EnrollmentError) in try self.rehearseBlocking() }
    }

    private func rehearseBlocking() throws(EnrollmentError) -> StoreCopyReport {
        do {
            try self.refuseSame()
            return try self.origin.withSource { source, obstacles in
                var report = StoreCopyReport(stage: .rehearsed, tables: try self.count(source))
                report.obstacles = obstacles
                if let destination = try self.target.openForLooking() {
                    try destination.snapshot { try self.judge(destination, source, &report) }
                }
                report.obstacles += try self.unfitRows(of: source, total: report.rows)
                return report
            }
        } catch {
            throw .ledger(error)
        }
    }

    /// Copies, or goes on copying, and compares.
    ///
    /// - Parameter startsOver: Whether what an earlier, unfinished copy has left is removed first.
    /// - Returns: What was done; `rehearsed` with obstacles when it was refused.
    /// - Throws: ``EnrollmentError`` when one of the stores did not do its part; the same call goes on later.
    package func run(startingOver startsOver: Bool = false) async throws(EnrollmentError) -> StoreCopyReport {
        try await Self.blocking { () throws(EnrollmentError) in try self.runBlocking(startsOver) }
    }

    /// Both stores block whoever asks them: not on the cooperative pool.
    private static func blocking(
        _ body: @escaping @Sendable () throws(EnrollmentError) -> StoreCopyReport
    ) async throws(EnrollmentError) -> StoreCopyReport {
        let outcome = await withCheckedContinuation { continuation in
            DispatchQueue(label: "ledger.copy").async {
                continuation.resume(returning: Result { () throws(EnrollmentError) in try body() })
            }
        }
        return try outcome.get()
    }

    private func runBlocking(_ startsOver: Bool) throws(EnrollmentError) -> StoreCopyReport {
        do {
            try self.refuseSame()
            return try self.origin.withSource { source, obstacles in
                var report = StoreCopyReport(stage: .rehearsed, tables: try self.count(source))
                report.obstacles = obstacles
                // A destination that is not fit is left as it is: opening it for copying may change it.
                if !startsOver, let destination = try self.target.openForLooking() {
                    try destination.snapshot { try self.judge(destination, source, &report) }
                }
                guard report.obstacles.isEmpty else { return report }
                let destination = try self.target.openDestination(faults: self.faults)
                try self.begin(destination, from: source, startsOver, &report)
                guard report.obstacles.isEmpty else { return report }
                guard try self.copy(source, into: destination, &report) else {
                    report.stage = .stopped
                    return report
                }
                return try self.conclude(source, destination, report)
            }
        } catch {
            throw .ledger(error)
        }
    }

    private func refuseSame() throws(EnrollmentError) {
        guard self.origin.isSame(as: self.target) else { return }
        throw EnrollmentError(
            .messageFormat,
            "The source and the destination are the same store.",
            rule: "copy.same"
        )
    }

    // MARK: Judging

    private func count(_ source: LedgerConnection) throws -> [StoreCopyReport.Table] {
        try StoreTable.all.map { StoreCopyReport.Table(name: $0.title, rows: try $0.count(on: source)) }
    }

    /// What tells this source, as it is now, from every other.
    private func fingerprint(_ source: LedgerConnection, _ report: StoreCopyReport) throws -> [UInt8] {
        var facts: [StoreValue] = []
        for (table, counted) in zip(StoreTable.all, report.tables) {
            facts.append(.integer(Int64(counted.rows)))
            facts += try table.lastKey(on: source)
            guard ["sealing", "issuer"].contains(table.title) else { continue }
            var reader = TableReader(table, on: source)
            while !reader.isAtEnd { for row in try reader.next() { facts += row.values } }
        }
        return try self.digest(RowCoding.encode(facts))
    }

    /// Whether the destination is empty, or this very copy's own.
    private func judge(
        _ destination: LedgerConnection,
        _ source: LedgerConnection,
        _ report: inout StoreCopyReport
    ) throws {
        let progress = CopyProgress(connection: destination)
        guard try progress.exists() else {
            let filled = try StoreTable.all.filter { try !$0.isEmpty(on: destination) }.map(\.title)
            guard !filled.isEmpty else { return }
            let there = StoreCopyReport(stage: .rehearsed, tables: try self.count(destination))
            guard try self.fingerprint(destination, there) != self.fingerprint(source, report) else {
                // As it is after a copier was killed when it had finished and not said so yet.
                report.obstacles.append("the destination is not empty: it holds a finished copy of this source")
                return
            }
            report.obstacles.append(
                "the destination is not empty: there are rows in \(filled.prefix(5).joined(separator: ", "))"
            )
            return
        }
        guard try progress.fingerprint() == self.fingerprint(source, report) else {
            report.obstacles.append(
                "the destination holds an unfinished copy of another store, or of this one before it was changed; "
                    + "--start-over removes it"
            )
            return
        }
        report.isResumed = true
        for (index, table) in StoreTable.all.enumerated() {
            report.tables[index].before = try progress.mark(of: table).copied
        }
    }

    /// Rows that no store could hold as they are.
    private func unfitRows(of source: LedgerConnection, total: Int) throws -> [String] {
        var obstacles: [String] = []
        var done = 0
        for table in StoreTable.all {
            var reader = TableReader(table, on: source)
            while !reader.isAtEnd, obstacles.count < Self.mostNamed, !self.isStopped() {
                let rows = try reader.next()
                for row in rows {
                    if let what = self.target.refusal(of: row, in: table) { obstacles.append(what) }
                }
                done += rows.count
                self.progress(StoreCopyProgress(phase: .judging, done: done, total: total))
            }
        }
        return Array(obstacles.prefix(Self.mostNamed))
    }

    // MARK: Copying

    private func begin(
        _ destination: LedgerConnection,
        from source: LedgerConnection,
        _ startsOver: Bool,
        _ report: inout StoreCopyReport
    ) throws {
        let progress = CopyProgress(connection: destination)
        let fingerprint = try self.fingerprint(source, report)
        // What was found before may have changed: the transaction that begins the copy looks again.
        report = try destination.transaction {
            var judged = report
            if startsOver, try progress.exists() { try progress.discard() }
            judged.isResumed = false
            try self.judge(destination, source, &judged)
            if judged.obstacles.isEmpty, !judged.isResumed { try progress.begin(from: fingerprint) }
            return judged
        }
    }

    /// - Returns: Whether everything has been copied.
    private func copy(
        _ source: LedgerConnection,
        into destination: LedgerConnection,
        _ report: inout StoreCopyReport
    ) throws -> Bool {
        let progress = CopyProgress(connection: destination)
        var done = report.tables.reduce(0) { $0 + $1.before }
        for (index, table) in StoreTable.all.enumerated() {
            var mark = try progress.mark(of: table)
            var reader = TableReader(table, on: source, after: try RowCoding.decode(mark.place))
            while !reader.isAtEnd {
                guard !self.isStopped() else { return false }
                let rows = try reader.next()
                guard let last = rows.last else { break }
                for row in rows {
                    guard let refusal = self.target.refusal(of: row, in: table) else { continue }
                    throw EnrollmentError(.enrollmentServer, refusal, rule: "copy.row")
                }
                let next = CopyProgress.Mark(
                    place: RowCoding.encode(last.key(in: table)),
                    copied: mark.copied + rows.count
                )
                try destination.transaction {
                    try progress.move(table, from: mark, to: next)
                    try table.insert(rows, on: destination)
                }
                mark = next
                report.tables[index].copied += rows.count
                done += rows.count
                self.progress(StoreCopyProgress(phase: .copying, done: done, total: report.rows))
            }
        }
        return true
    }

    // MARK: Comparing

    private func conclude(
        _ source: LedgerConnection,
        _ destination: LedgerConnection,
        _ former: StoreCopyReport
    ) throws -> StoreCopyReport {
        var report = former
        var comparison = StoreComparison(source: source, copy: destination, digest: self.digest)
        var done = 0
        for (index, table) in StoreTable.all.enumerated() {
            let outcome = try comparison.compare(table) { rows in
                done += rows
                self.progress(StoreCopyProgress(phase: .comparing, done: done, total: report.rows))
                return !self.isStopped()
            }
            guard let outcome else {
                report.stage = .stopped
                return report
            }
            report.tables[index].digest = outcome.source
            report.tables[index].digestOfCopy = outcome.copy
        }
        report.different = comparison.different
        report.differences = comparison.differences
        guard comparison.different == 0 else {
            report.stage = .different
            return report
        }
        try self.finish(source, destination)
        report.stage = .finished
        return report
    }

    private func finish(_ source: LedgerConnection, _ destination: LedgerConnection) throws {
        let numbers = try StoreTable.numbered.map { table in
            (table, try StoreNumbering(connection: source).highest(of: table))
        }
        try destination.transaction {
            let numbering = StoreNumbering(connection: destination)
            for (table, number) in numbers { try numbering.set(table, to: number) }
            try CopyProgress(connection: destination).finish()
        }
        // Or the first statements would be planned for empty tables.
        if !destination.isSQLite { try destination.transaction { try destination.execute("ANALYZE") } }
    }
}

extension StorePlace {
    /// Why a store of this kind cannot hold the row as it is; `nil` when it can.
    func refusal(of row: StoreRow, in table: StoreTable) -> String? {
        for (value, column) in zip(row.values, table.columns) {
            guard case .text(let octets) = value else { continue }
            let place = "\(table.title), row \(row.key(in: table).map(\.shown).joined(separator: " ")), \(column.title)"
            if String(validating: octets, as: UTF8.self) == nil { return "\(place): the text is not UTF-8" }
            if case .postgres = self, octets.contains(0) {
                return "\(place): the text holds U+0000, which PostgreSQL does not store"
            }
        }
        return nil
    }
}

internal import EnrollmentCore
internal import SQLText

/// One page of rows in falling order of their ordinal, which is every list's column 0.
///
/// The first two parameters of a list's statement are the ordinal to stay below and the number of rows.
struct Paging {
    private let below: Int64
    private let limit: Int

    /// - Throws: ``EnrollmentError`` with code `messageFormat` for a key that no page gave.
    init(after key: String?, limit: Int) throws(EnrollmentError) {
        if let key {
            guard let below = Int64(key) else {
                throw EnrollmentError(
                    .messageFormat,
                    "The key to continue a list after is not one that a page gave.",
                    rule: "query.after"
                )
            }
            self.below = below
        } else {
            self.below = .max
        }
        self.limit = PageSize.clamped(limit)
    }

    func bind(to row: borrowing LedgerStatement) throws {
        try row.bind(self.below, at: 1)
        // One more than asked for tells whether there is a next page.
        try row.bind(self.limit + 1, at: 2)
    }

    func page<Element: Sendable>(
        _ row: borrowing LedgerStatement,
        _ element: (borrowing LedgerStatement) throws -> Element
    ) throws -> Page<Element> {
        var elements: [Element] = []
        var last: Int64 = 0
        while try row.step() {
            if elements.count == self.limit { return Page(elements: elements, next: String(last)) }
            elements.append(try element(row))
            last = row.integer(0)
        }
        return Page(elements: elements, next: nil)
    }
}

/// Where a list that goes by a moment, and by an ordinal where moments are the same, is to go on: `moment.ordinal`.
struct PairKey: CustomStringConvertible {
    let first: Int64
    let second: Int64

    init(_ first: Int64, _ second: Int64) {
        self.first = first
        self.second = second
    }

    /// - Throws: ``EnrollmentError`` with code `messageFormat` for a key that no page gave.
    init(_ key: String?, otherwise start: PairKey) throws(EnrollmentError) {
        guard let key else {
            self = start
            return
        }
        let numbers = key.split(separator: ".", omittingEmptySubsequences: false).map { Int64($0) }
        guard numbers.count == 2, let first = numbers[0], let second = numbers[1] else {
            throw EnrollmentError(
                .messageFormat,
                "The key to continue a list after is not one that a page gave.",
                rule: "query.after"
            )
        }
        self.init(first, second)
    }

    var description: String { "\(self.first).\(self.second)" }
}

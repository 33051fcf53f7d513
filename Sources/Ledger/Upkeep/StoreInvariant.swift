internal import EnrollmentCore
internal import SQLText

/// Something that has to be so in every row, with the statement that finds rows in which it is not.
struct StoreInvariant: Sendable {
    /// How a column of an offending row is shown.
    enum Shown: Sendable {
        case device
        case serial
        case text(String)
        case number(String)
    }

    /// Stable.
    let name: String
    /// What has to be so.
    let rule: String
    let remedy: String
    let shows: [Shown]
    private let all: SQL
    private let some: SQL
    private let count: SQL

    /// - Parameters:
    ///   - name: Stable.
    ///   - rule: What has to be so.
    ///   - remedy: What to do about it.
    ///   - shows: How the columns of an offending row are shown.
    ///   - offenders: Selects these columns; takes no parameter and has no order.
    init(_ name: String, _ rule: String, remedy: String, shows: [Shown], _ offenders: SQL) {
        self.name = name
        self.rule = rule
        self.remedy = remedy
        self.shows = shows
        self.all = offenders
        self.some = "SELECT * FROM (" + offenders + ") AS offenders LIMIT ?1"
        self.count = "SELECT count(*) FROM (" + offenders + ") AS offenders"
    }

    /// Looks for rows that offend; counting them takes a second look, which a sound store spares.
    func judge(on connection: LedgerConnection, naming most: Int) throws -> StoreCheckReport.Outcome {
        let row = try connection.prepare(self.some)
        try row.bind(max(0, most) + 1, at: 1)
        var examples: [String] = []
        var found = 0
        while try row.step() {
            found += 1
            if found <= most { examples.append(self.describe(row)) }
        }
        if found > most { found = Int(try connection.integer(self.count) ?? 0) }
        return .judged(self.name, self.rule, count: found, examples, remedy: self.remedy)
    }

    private func describe(_ row: borrowing LedgerStatement) -> String {
        var words: [String] = []
        for (index, shown) in self.shows.enumerated() {
            let index = Int32(index)
            let isNull = row.isNull(index)
            switch shown {
            case .device:
                let octets = isNull ? [] : row.octets(index)
                words.append("device \(DeviceID(octets: octets).map(\.description) ?? Hexadecimal.encode(octets))")
            case .serial:
                words.append("certificate \(isNull ? "-" : Hexadecimal.encode(row.octets(index)))")
            case .text(let label): words.append("\(label) \(isNull ? "-" : row.text(index))")
            case .number(let label): words.append("\(label) \(isNull ? "-" : String(row.integer(index)))")
            }
        }
        return words.joined(separator: ", ")
    }
}

extension StoreCheckReport.Outcome {
    /// Broken when anything offends, sound otherwise.
    static func judged(
        _ name: String,
        _ rule: String,
        count: Int,
        _ examples: [String],
        remedy: String
    ) -> StoreCheckReport.Outcome {
        guard count > 0 else { return Self(name: name, status: .sound, what: rule) }
        return Self(name: name, status: .broken, what: rule, count: count, examples: examples, remedy: remedy)
    }
}

/// Rows of aligned columns: two blanks between, numbers to the right, `-` for an empty cell.
struct Table {
    struct Column {
        let title: String
        var isNumeric = false
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    init(_ titles: String...) {
        self.init(titles.map { Column(title: $0) })
    }

    mutating func append(_ cells: String?...) {
        self.rows.append(cells.map { $0.flatMap { $0.isEmpty ? nil : Self.bounded(Self.printable($0)) } ?? "-" })
    }

    var text: String {
        let titles = self.columns.map(\.title)
        let widths = self.columns.indices.map { index in
            ([titles] + self.rows).map { $0[index].count }.max() ?? 0
        }
        return ([titles] + self.rows).map { cells in
            var line = ""
            for (index, cell) in cells.enumerated() {
                let padding = String(repeating: " ", count: widths[index] - cell.count)
                line += self.columns[index].isNumeric ? padding + cell : cell + padding
                if index < cells.count - 1 { line += "  " }
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    /// A client's long name must not widen every row.
    private static func bounded(_ text: String) -> String {
        text.count > 96 ? "\(text.prefix(95))…" : text
    }

    /// What came from a client and could steer the terminal is shown as `?`.
    static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.steersTerminals ? "?" : $0 }))
    }
}

extension Unicode.Scalar {
    /// Control and format characters, direction overrides among them, and line separators.
    var steersTerminals: Bool {
        switch self.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}

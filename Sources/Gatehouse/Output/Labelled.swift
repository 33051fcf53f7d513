/// Lines of a screen that begin with what they are about.
enum Labelled {
    static func line(_ label: String, _ text: String) -> String {
        "  \(label)\(String(repeating: " ", count: max(0, 13 - label.count))) \(text)"
    }

    /// Up to ten of `texts`, each on a line of its own, and how many more there are.
    static func list(_ label: String, _ texts: [String]) -> [String] {
        var lines = texts.prefix(10).enumerated().map { self.line($0.offset == 0 ? label : "", $0.element) }
        if texts.count > 10 { lines.append(self.line("", "… \(Numerals.grouped(texts.count - 10)) more")) }
        return lines
    }
}

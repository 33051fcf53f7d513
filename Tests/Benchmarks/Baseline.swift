internal import Foundation

/// Figures kept in a file, to compare later runs with.
struct Baseline: Codable {
    /// What the figures were measured on; ratios travel between machines, absolute figures do not.
    let machine: String
    let figures: [Figure]

    static func read(_ path: String) throws -> Baseline {
        try JSONDecoder().decode(Baseline.self, from: Data(contentsOf: URL(filePath: path)))
    }

    func write(_ path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(self) + Data("\n".utf8)).write(to: URL(filePath: path))
    }

    /// One line for each figure that both have: now, then, and their ratio.
    ///
    /// - Parameters:
    ///   - now: The figures of this run.
    ///   - tolerance: The ratio above which a cost counts as a regression.
    /// - Returns: The lines, and the names of the regressions among them.
    func compare(_ now: [Figure], tolerance: Double) -> (lines: [String], regressions: [String]) {
        var lines: [String] = []
        var regressions: [String] = []
        for figure in now {
            guard let then = self.figures.first(where: { $0.name == figure.name }), then.value > 0 else { continue }
            let ratio = figure.value / then.value
            let isRegression = figure.sense == .cost && ratio > tolerance
            if isRegression { regressions.append(figure.name) }
            lines.append(
                "\(figure.name) \(Figure.text(figure.value)) was \(Figure.text(then.value)) \(figure.unit), ratio "
                    + "\(Figure.text(ratio))\(isRegression ? " REGRESSION" : "")"
            )
        }
        return (lines, regressions)
    }
}

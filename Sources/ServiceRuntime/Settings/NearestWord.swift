extension String {
    /// `"; did you mean port?"` when one of `words` is close enough, otherwise nothing.
    public func hint(among words: [String]) -> String {
        let nearest = words.map { (word: $0, distance: self.distance(to: $0)) }.min { $0.distance < $1.distance }
        guard let nearest, nearest.distance <= Swift.max(2, self.count / 3) else {
            return words.isEmpty ? "" : "; known here: \(words.sorted().joined(separator: ", "))"
        }
        return "; did you mean \(nearest.word)?"
    }

    /// Whether this is `word` but for a slip of the fingers; stricter than a hint, since nobody lists alternatives.
    func isMisspelling(of word: String) -> Bool {
        self.distance(to: word) <= Swift.max(1, word.count / 3)
    }

    /// Edits that turn one into the other: inserting, deleting, replacing a character, swapping two neighbors.
    private func distance(to other: String) -> Int {
        let (left, right) = (Array(self.lowercased()), Array(other.lowercased()))
        var rows = [Array(0...right.count)]
        for i in 1..<(left.count + 1) {
            var row = [i]
            for j in 1..<(right.count + 1) {
                let replaced = rows[i - 1][j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1)
                var best = Swift.min(rows[i - 1][j] + 1, row[j - 1] + 1, replaced)
                if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
                    best = Swift.min(best, rows[i - 2][j - 2] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}

/// Parts of a whole as people read them.
enum Percent {
    /// `95.8 %`; never `100 %` for less than the whole, nor `0 %` for more than nothing.
    static func text(_ part: Int, of whole: Int) -> String {
        guard whole > 0, part < whole else { return "100 %" }
        guard part > 0 else { return "0 %" }
        let tenths = min(999, max(1, part * 1_000 / whole))
        return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
    }

    /// `19,112 (95.8 %)`; a part alone where there is no whole.
    static func count(_ part: Int, of whole: Int) -> String {
        whole > 0 ? "\(Numerals.grouped(part)) (\(self.text(part, of: whole)))" : Numerals.grouped(part)
    }
}

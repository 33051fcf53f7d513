/// Where progress is written, and how often.
public struct ProgressOutput: Sendable {
    let isTerminal: Bool
    let write: @Sendable (String) -> Void

    /// - Parameters:
    ///   - isTerminal: On a terminal one line is redrawn up to five times a second, otherwise a line follows every ten
    ///     seconds.
    ///   - write: Takes text as it is to appear, with its carriage return or line end.
    public init(isTerminal: Bool, write: @escaping @Sendable (String) -> Void) {
        self.isTerminal = isTerminal
        self.write = write
    }

    /// Milliseconds between two lines.
    var period: Int { self.isTerminal ? 200 : 10_000 }

    func show(_ line: String, isLast: Bool) {
        guard self.isTerminal else { return self.write(line + "\n") }
        // Return, then erase what a longer line before may have left.
        self.write("\r\(line)\u{1B}[K" + (isLast ? "\n" : ""))
    }
}

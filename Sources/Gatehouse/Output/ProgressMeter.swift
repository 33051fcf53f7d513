/// How far a long run is, on standard error: one line that is redrawn on a terminal, otherwise a line now and then.
struct ProgressMeter {
    private let verb: String
    private let total: Int
    private let isTerminal: Bool
    private let write: (String) -> Void
    private let start = ContinuousClock.now
    private var shown: ContinuousClock.Instant

    init(
        _ verb: String,
        total: Int,
        isTerminal: Bool = Terminal.errorIsInteractive,
        write: @escaping (String) -> Void = Terminal.explain
    ) {
        self.verb = verb
        self.total = total
        self.isTerminal = isTerminal
        self.write = write
        self.shown = self.start
    }

    /// Shows where the run is, at most five times a second on a terminal and every ten seconds elsewhere.
    mutating func advance(to done: Int, failed: Int) {
        let now = ContinuousClock.now
        guard now - self.shown >= (self.isTerminal ? .milliseconds(200) : .seconds(10)) else { return }
        self.shown = now
        self.show(self.line(done, failed, after: now - self.start), isLast: false)
    }

    /// The line that every run ends with.
    func finish(at done: Int, failed: Int) {
        self.show(self.line(done, failed, after: .now - self.start), isLast: true)
    }

    private func show(_ line: String, isLast: Bool) {
        guard self.isTerminal else { return self.write(line + "\n") }
        // Return, then erase what a longer line before may have left.
        self.write("\r\(line)\u{1B}[K" + (isLast ? "\n" : ""))
    }

    /// `revoking 3,210 of 10,000 (32 %), 214 per second, 32 s left, 0 failed`.
    private func line(_ done: Int, _ failed: Int, after elapsed: Duration) -> String {
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        let rate = seconds > 0 ? Double(done) / seconds : 0
        var text = "\(self.verb) \(Numerals.grouped(done)) of \(Numerals.grouped(self.total))"
        text += " (\(self.total > 0 ? done * 100 / self.total : 100) %), \(Numerals.grouped(Int(rate))) per second"
        if rate > 0 {
            text += ", \(Numerals.grouped(Int((Double(self.total - done) / rate).rounded(.up)))) s left"
        }
        return text + ", \(Numerals.grouped(failed)) failed"
    }
}

/// One line about how far a run is.
struct ProgressLine: Sendable {
    let verb: String
    let done: Int
    let total: Int
    let failed: Int
    let seconds: Double

    var text: String {
        let percent = self.total > 0 ? self.done * 100 / self.total : 100
        let rate = self.seconds > 0 ? Double(self.done) / self.seconds : 0
        var text = "\(self.verb) \(Text.grouped(self.done)) of \(Text.grouped(self.total)) (\(percent) %)"
        text += ", \(Text.grouped(Int(rate.rounded()))) per second"
        if rate > 0 {
            let left = (Double(self.total - self.done) / rate).rounded(.up)
            text += ", \(Text.grouped(Int(left))) s left"
        }
        return text + ", \(Text.grouped(self.failed)) failed"
    }
}

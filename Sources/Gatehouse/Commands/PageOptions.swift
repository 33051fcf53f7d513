import ArgumentParser
import EnrollmentCore

/// Options of every list: how much of it, and from where on.
struct PageOptions: ParsableArguments {
    @Option(help: "At most this many, 1 to \(PageSize.largest).")
    var limit = 100
    @Option(help: "Continue after this key, which the page before gave.")
    var after: String?

    /// The number of elements to ask the ledger for.
    ///
    /// - Throws: ``CommandProblem`` with exit `usage`: a shorter list than was asked for would pass for the whole.
    func size() throws(CommandProblem) -> Int {
        guard PageSize.range.contains(self.limit) else {
            throw CommandProblem(
                "GH-USAGE-003",
                "--limit \(self.limit) is not in 1 to \(PageSize.largest)",
                [("try", "--limit \(PageSize.largest), then --after with the key that the page ends with")],
                exit: .usage
            )
        }
        return self.limit
    }
}

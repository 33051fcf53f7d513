/// A command of this program that a screen proposes.
enum CommandLineText {
    /// `gatehouse ca publish 2026-B --config …`; a word `…` is for a person to fill in and stays as it is.
    static func of(_ words: [String], config: String?) -> String {
        let config = config.map { ["--config", $0] } ?? []
        return (["gatehouse"] + words + config).map { $0 == "…" ? $0 : ShellWords.line([$0]) }.joined(separator: " ")
    }
}

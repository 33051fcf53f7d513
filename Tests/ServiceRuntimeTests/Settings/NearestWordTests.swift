import ServiceRuntime
import Testing

@Suite("A hint")
struct NearestWordTests {
    private static let words = ["port", "address", "connectionsPerSource"]

    @Test(
        "names the word that is a typing mistake away",
        arguments: [
            ("prot", "port"), ("Port", "port"), ("ports", "port"), ("adress", "address"), ("addresses", "address"),
            ("connectionsPerSources", "connectionsPerSource"), ("conectionPerSorce", "connectionsPerSource"),
            ("connections-per-source", "connectionsPerSource"),
        ]
    )
    func near(typed: String, word: String) {
        #expect(typed.hint(among: Self.words) == "; did you mean \(word)?")
    }

    @Test("lists what is known, in order, when nothing is near", arguments: ["zzzzzz", "listener"])
    func far(typed: String) {
        #expect(typed.hint(among: Self.words) == "; known here: address, connectionsPerSource, port")
    }

    @Test("says nothing where nothing is known")
    func nothing() {
        #expect("port".hint(among: []).isEmpty)
    }

    @Test("copes with empty words on either side")
    func empty() {
        #expect("".hint(among: ["a"]) == "; did you mean a?")
        #expect("ab".hint(among: [""]) == "; did you mean ?")
    }
}

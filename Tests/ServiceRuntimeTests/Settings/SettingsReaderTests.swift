import ServiceRuntime
import Testing

@Suite("The settings reader")
struct SettingsReaderTests {
    private enum Color: String, CaseIterable {
        case red
        case green
    }

    private static let text = """
        {
          name: "gate",
          port: 8443,
          half: 0.5,
          on: true,
          color: "green",
          tags: ["a", "b"],
          nothing: null,
          empty: "",
          listeners: {
            device: { port: 1, adress: "x" },
          },
          groups: [
            { name: "one" },
            { nmae: "two" },
          ],
        }
        """

    private func reader() throws -> SettingsReader {
        try SettingsReader(parsing: Self.text, file: "gatehouse.json5")
    }

    @Test("gives what is there, and the default where nothing is")
    func values() throws {
        let reader = try self.reader()
        #expect(try reader.string("name") == "gate")
        #expect(try reader.requiredString("name") == "gate")
        #expect(try reader.string("absent") == nil)
        #expect(try reader.string("absent", default: "x") == "x")
        #expect(try reader.integer("port", in: 1...65_535) == 8_443)
        #expect(try reader.integer("absent", in: 1...9, default: 4) == 4)
        #expect(try reader.requiredInteger("port", in: 1...65_535) == 8_443)
        #expect(try reader.boolean("on", default: false))
        #expect(try reader.boolean("absent", default: true))
        #expect(try reader.choice("color", Color.self) == .green)
        #expect(try reader.choice("absent", Color.self) == nil)
        #expect(try reader.strings("tags") == ["a", "b"])
        #expect(try reader.strings("absent", default: ["z"]) == ["z"])
        #expect(try reader.object("absent") == nil)
        #expect(try reader.objects("absent").isEmpty)
        #expect(try reader.objects("groups").count == 2)
        #expect(reader.has("port"))
        #expect(!reader.has("absent"))
    }

    /// One way of asking, where it goes wrong, and the words for it.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let path: String
        let line: Int
        let words: String
        let ask: @Sendable (SettingsReader) throws -> Void

        init(_ path: String, _ line: Int, _ words: String, _ ask: @escaping @Sendable (SettingsReader) throws -> Void) {
            self.path = path
            self.line = line
            self.words = words
            self.ask = ask
        }

        var testDescription: String { "\(self.path): \(self.words)" }
    }

    @Test(
        "says path, line and what is expected",
        arguments: [
            Mistake("port", 3, "text in quotes is expected, not a number") { _ = try $0.string("port") },
            Mistake("name", 2, "a whole number is expected, not a string") { _ = try $0.integer("name", in: 0...1) },
            Mistake("half", 4, "a whole number") { _ = try $0.integer("half", in: 0...1) },
            Mistake("port", 3, "8443 is outside 1 … 1023") { _ = try $0.integer("port", in: 1...1_023) },
            Mistake("name", 2, "true or false is expected") { _ = try $0.boolean("name", default: true) },
            Mistake("nothing", 8, "not null") { _ = try $0.string("nothing") },
            Mistake("empty", 9, "leave the key out") { _ = try $0.string("empty") },
            Mistake("name", 2, "gate is not one of red, green") { _ = try $0.choice("name", Color.self) },
            Mistake("name", 2, "a list is expected") { _ = try $0.strings("name") },
            Mistake("groups", 14, "a list of texts in quotes is expected, not an object") {
                _ = try $0.strings("groups")
            },
            Mistake("name", 2, "an object is expected here, not a string") { _ = try $0.object("name") },
            Mistake("tags[0]", 7, "an object is expected here") { _ = try $0.objects("tags") },
            Mistake("listeners", 10, "a list of objects is expected, not an object") {
                _ = try $0.objects("listeners")
            },
            Mistake("absent", 1, "is missing") { _ = try $0.requiredString("absent") },
            Mistake("absent", 1, "is missing") { _ = try $0.requiredInteger("absent", in: 0...1) },
            Mistake("absent", 1, "is missing") { _ = try $0.requiredObject("absent") },
            Mistake("listeners.device.adress", 11, "unknown key; did you mean address, which is missing?") {
                _ = try $0.requiredObject("listeners").requiredObject("device").requiredString("address")
            },
            Mistake("groups[1].name", 15, "is missing") {
                // What stands there has been asked for, so it is no misspelling.
                let group = try $0.objects("groups")[1]
                _ = try group.string("nmae")
                _ = try group.requiredString("name")
            },
            Mistake("listeners.absent", 10, "is missing") {
                _ = try $0.requiredObject("listeners").requiredString("absent")
            },
            Mistake("listeners.device.adress", 11, "unknown key; did you mean address?") {
                let device = try $0.requiredObject("listeners").requiredObject("device")
                _ = try device.integer("port", in: 0...9)
                _ = try device.string("address")
                try device.finish()
            },
            Mistake("groups[1].nmae", 15, "unknown key; did you mean name?") {
                for group in try $0.objects("groups") {
                    _ = try group.string("name")
                    try group.finish()
                }
            },
        ]
    )
    func mistakes(mistake: Mistake) throws {
        let reader = try self.reader()
        let error = try #require(#expect(throws: SettingsError.self) { try mistake.ask(reader) })
        #expect(error.path == mistake.path)
        #expect(error.line == mistake.line)
        #expect(error.message.contains(mistake.words), "\(error.message)")
        #expect("\(error)" == "gatehouse.json5, line \(mistake.line): \(mistake.path): \(error.message)")
    }

    @Test("is content when every key was asked for, whatever the answer was used for")
    func finish() throws {
        let reader = try SettingsReader(parsing: "{ a: 1, b: { c: 2 } }", file: "f")
        #expect(throws: SettingsError.self) { try reader.finish() }
        _ = try reader.integer("a", in: 0...9)
        _ = try reader.object("b")
        #expect(throws: Never.self) { try reader.finish() }
    }

    @Test("takes nothing but an object at the top", arguments: ["[]", "1", "\"text\"", "null"])
    func top(text: String) throws {
        let error = try #require(
            #expect(throws: SettingsError.self) { try SettingsReader(parsing: text, file: "f") }
        )
        #expect(error.message.hasPrefix("an object is expected here"))
    }
}

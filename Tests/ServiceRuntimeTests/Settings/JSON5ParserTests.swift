import Testing

@testable import ServiceRuntime

@Suite("The settings parser")
struct JSON5ParserTests {
    private func read(_ text: String) throws(SettingsError) -> SettingsValue {
        var parser = JSON5Parser(text, file: "test.json5")
        return try parser.parse()
    }

    @Test(
        "reads numbers as JSON5 has them",
        arguments: [
            ("0", 0), ("-0", 0), ("17", 17), ("+17", 17), ("-17", -17), (".5", 0.5), ("5.", 5), ("-1.25", -1.25),
            ("1e3", 1_000), ("1E-2", 0.01), ("2e+2", 200), ("0x1F", 31), ("-0Xff", -255),
            ("9007199254740991", 9_007_199_254_740_991),
        ] as [(String, Double)]
    )
    func numbers(text: String, number: Double) throws {
        guard case .number(let value) = try self.read(text).content else {
            Issue.record("\(text) is no number")
            return
        }
        #expect(value == number)
    }

    @Test(
        "refuses what only looks like a number",
        arguments: [
            "--1", "+-1", "1.2.3", "1-2", "+", "-", ".", "0x", "0x+1", "0x-1", "1e", "1e999", "0x10000000000000000",
            "Infinity", "NaN", "-Infinity", "1_000", "٣",
        ]
    )
    func notNumbers(text: String) {
        #expect(throws: SettingsError.self) { try self.read(text) }
    }

    @Test(
        "reads the escapes of strings in either kind of quotes",
        arguments: [
            (#""plain""#, "plain"), (#"'it is "so"'"#, #"it is "so""#), (#""it's""#, "it's"), (#"'it\'s'"#, "it's"),
            (#""\n\r\t\b\f\v\0""#, "\n\r\t\u{8}\u{c}\u{b}\0"), (#""\\ \/ \" \a""#, #"\ / " a"#),
            (#""\x41\u00e9\u20AC""#, "Aé€"), ("\"a\\\nb\"", "ab"), ("\"a\\\r\nb\"", "ab"), ("\"a\\\u{2028}b\"", "ab"),
            (#""snow ☃ 🦊""#, "snow ☃ 🦊"), (#""// no /* comment""#, "// no /* comment"),
        ]
    )
    func strings(text: String, value: String) throws {
        guard case .string(let read) = try self.read(text).content else {
            Issue.record("\(text) is no string")
            return
        }
        // By scalars: as characters, a carriage return and a line feed are one.
        #expect(Array(read.unicodeScalars) == Array(value.unicodeScalars))
    }

    @Test(
        "refuses broken strings",
        arguments: [
            #"""#, #"'abc"#, #""abc'"#, "\"a\nb\"", "\"a\rb\"", #""\"#, #""\x4""#, #""\x4g""#, #""\u12""#, #""\ud83e""#,
        ]
    )
    func brokenStrings(text: String) {
        #expect(throws: SettingsError.self) { try self.read(text) }
    }

    @Test("reads comments, unquoted keys, trailing commas and a byte order mark")
    func conveniences() throws {
        let text = """
            \u{FEFF}// first
            { /* second */ plain: 1, $odd_1: [true, null, ], "quoted key": { }, 'über': false, } // last
            """
        let reader = try SettingsReader(parsing: text, file: "test.json5")
        #expect(reader.keys == ["plain", "$odd_1", "quoted key", "über"])
    }

    @Test(
        "says where a mistake is and what",
        arguments: [
            ("", 1, 1, "the file ends"), ("{", 1, 2, "a key"), ("{\n  a: 1\n  b: 2\n}", 3, 3, "a comma or }"),
            ("{\n  a 1\n}", 2, 5, "a colon"), ("{ a: [1 2] }", 1, 9, "a comma or ]"), ("{ a: word }", 1, 6, "quotes"),
            ("{ a: , }", 1, 6, "a value"), ("{ 1a: 1 }", 1, 5, "a key"), ("{} {}", 1, 4, "after the end"),
            ("{\r\n  a: \"b\r\n}", 2, 8, "line ends inside"), ("{ a: 1, /* b", 1, 9, "comment that begins here"),
            ("{ / }", 1, 3, "//"), ("{ a: 1,, }", 1, 8, "a key"), ("{ ä: \"ö\", b }", 1, 13, "colon"),
        ] as [(String, Int, Int, String)]
    )
    func places(text: String, line: Int, column: Int, words: String) throws {
        let error = try #require(#expect(throws: SettingsError.self) { try self.read(text) })
        #expect(error.line == line)
        #expect(error.column == column)
        #expect(error.message.contains(words), "\(error.message)")
        #expect("\(error)".hasPrefix("test.json5, line \(line), column \(column): "))
    }

    @Test("refuses a key given twice, at the second one, naming the first")
    func duplicates() throws {
        let text = "{\n  port: 1,\n  'address': 2,\n  \"port\": 3,\n}"
        let error = try #require(#expect(throws: SettingsError.self) { try self.read(text) })
        #expect(error.line == 4)
        #expect(error.column == 3)
        #expect(error.message.contains("port"))
        #expect(error.message.contains("line 2"))
        #expect(throws: Never.self) { _ = try self.read("{ a: { b: 1 }, c: { b: 1 } }") }
    }

    @Test("bounds the depth at 32 levels", arguments: [("[", "]"), ("{a:", "}")])
    func depth(open: String, close: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth - 1) + "[]" + String(repeating: close, count: depth - 1)
        }
        #expect(throws: Never.self) { try self.read(nested(32)) }
        let error = try #require(#expect(throws: SettingsError.self) { try self.read(nested(33)) })
        #expect(error.message.contains("32"))
        #expect(throws: SettingsError.self) { try self.read(String(repeating: open, count: 100_000)) }
    }

    @Test("ends every damaged text with a value or with an error at a place inside it")
    func mutations() {
        let original = """
            // Comment
            { urls: { device: "https://a.example:8443", 'x y': 0x1F }, /* c */ list: [1, -2.5e3, true, null, "\\u00e9\\n"],
              nested: [{ a: { b: [[]] } }], }
            """
        let scalars = Array(original.unicodeScalars)
        let replacements = Array("\"'\\{}[],:/*\n\r\t0xeE+-.uU \u{0}é🦊\u{FEFF}".unicodeScalars)
        var state: UInt64 = 42
        func random(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var (values, errors) = (0, 0)
        for round in 0..<6_000 {
            var damaged = scalars
            for _ in 0...random(below: 3) {
                let position = random(below: damaged.count)
                switch round % 4 {
                case 0: damaged[position] = replacements[random(below: replacements.count)]
                case 1: damaged.remove(at: position)
                case 2: damaged.insert(replacements[random(below: replacements.count)], at: position)
                default: damaged = Array(damaged[...position])
                }
            }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: damaged)
            do throws(SettingsError) {
                _ = try self.read(String(view))
                values += 1
            } catch {
                errors += 1
                let lines = damaged.count { $0 == "\n" } + 1
                #expect((1...lines).contains(error.line ?? 0))
                #expect((1...damaged.count + 1).contains(error.column ?? 0))
            }
        }
        #expect(values > 100)
        #expect(errors > 100)
    }
}

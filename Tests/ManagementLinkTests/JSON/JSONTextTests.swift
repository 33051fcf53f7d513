import EnrollmentCore
import Testing

@testable import ManagementLink

@Suite("A JSON text of somebody else's")
struct JSONTextTests {
    private static func read(_ text: String) -> JSONText? {
        do throws(JSONText.ReadingError) {
            return try JSONText(text.utf8, depth: 3)
        } catch {
            return nil
        }
    }

    @Test(
        "is read as RFC 8259 says",
        arguments: [
            ("null", .null), (" true\n", .boolean(true)), ("false", .boolean(false)), ("0", .number(0)),
            ("-12.50e+2", .number(-1_250)), ("1E-1", .number(0.1)), ("\"\"", .string("")), ("[]", .array([])),
            ("{}", .object([])),
            (#""a\"\\\/\b\f\n\r\té😀ü""#, .string("a\"\\/\u{8}\u{c}\n\r\té😀ü")),
            (
                "[1, [null],{\"a\" : \"b\"}]",
                .array([
                    .number(1), .array([.null]), .object([.init(name: "a", value: .string("b"))]),
                ])
            ),
        ] as [(String, JSONText)]
    )
    func reads(text: String, expected: JSONText) {
        #expect(Self.read(text) == expected)
    }

    @Test(
        "is refused where it is anything else",
        arguments: [
            "", " ", "nul", "nulll", "tru", "{} {}", "[1,]", "[,1]", "[1 2]", "{\"a\":1,}", "{a:1}", "{'a':1}",
            "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":1,\"a\":2}", #"{"a":1,"\u0061":2}"#, "[", "{", "\"", "\"\\x\"",
            #""\ud800""#, #""\ud800x""#, #""\udc00""#, #""\ud800\ud800""#, #""\u12g4""#, #""\u123"#, "\"\n\"", "01",
            "-", "+1", ".5", "1.", "1e", "1e400", "NaN", "Infinity", "// a\n1", "1 // a", "[[[[1]]]]", "\u{feff}1",
        ]
    )
    func refuses(text: String) {
        #expect(Self.read(text) == nil)
    }

    @Test("is refused where it is not UTF-8")
    func notUTF8() {
        #expect(throws: JSONText.ReadingError.self) { try JSONText([0x22, 0xC3, 0x28, 0x22]) }
        #expect(throws: JSONText.ReadingError.self) { try JSONText([0x22, 0xED, 0xA0, 0x80, 0x22]) }
        #expect(throws: JSONText.ReadingError.self) { try JSONText([0xFF]) }
    }

    @Test("no octets make its reader stop anything but itself")
    func garbage() {
        let valid = Array(#"{"decision":"allow","reason":null,"attributes":{"a":"\u00e9","b":[1.5e3,true]}}"#.utf8)
        var refused = 0
        for position in valid.indices {
            for octet: UInt8 in [0, 0x20, 0x22, 0x5C, 0x7B, 0x7D, 0x80, 0xFF] {
                var text = valid
                text[position] = octet
                do throws(JSONText.ReadingError) {
                    _ = try JSONText(text)
                } catch {
                    refused += 1
                    #expect(error.offset <= text.count)
                }
            }
            do throws(JSONText.ReadingError) {
                _ = try JSONText(valid[..<position])
            } catch {
                refused += 1
            }
        }
        #expect(refused > valid.count * 5)
    }

    @Test("gives back what was written here")
    func roundTrip() throws {
        let text = "a\"\\\u{0}\u{1f}\u{7f}\n é😀\u{2028}"
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("text", text)
            writer.member(named: text, "x")
            writer.member("none", nil as String?)
            writer.member("number", -42)
            writer.member("flag", true)
            writer.member("time", Timestamp(microseconds: 1_795_165_964_000_007), withMicroseconds: true)
            writer.member("second", Timestamp(seconds: 951_827_696))
            writer.array("list") { writer in
                writer.element("a")
                writer.object { $0.member("b", false) }
                writer.element("c")
            }
            writer.object("empty") { _ in }
            writer.member("hexadecimal", hexadecimal: [0, 0xAF])
        }
        let read = try JSONText(writer.octets)
        #expect(read["text"] == .string(text))
        #expect(read[text] == .string("x"))
        #expect(read["none"] == .null)
        #expect(read["number"] == .number(-42))
        #expect(read["flag"] == .boolean(true))
        #expect(read["time"] == .string("2026-11-20T09:12:44.000007Z"))
        #expect(read["second"] == .string("2000-02-29T12:34:56Z"))
        #expect(
            read["list"]
                == .array([.string("a"), .object([.init(name: "b", value: .boolean(false))]), .string("c")])
        )
        #expect(read["empty"] == .object([]))
        #expect(read["hexadecimal"] == .string("00af"))
    }
}

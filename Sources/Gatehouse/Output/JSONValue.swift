/// A JSON document (RFC 8259) in the order it is written.
indirect enum JSONValue: Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([(String, JSONValue)])

    static func optional(_ text: String?) -> JSONValue {
        text.map { .string($0) } ?? .null
    }

    /// One document on several lines, indented by two, with a line end.
    var text: String {
        var text = ""
        self.write(into: &text, indentation: 0)
        return text + "\n"
    }

    /// One document on one line, without a line end.
    var line: String {
        var text = ""
        self.write(into: &text, indentation: nil)
        return text
    }

    private func write(into text: inout String, indentation: Int?) {
        switch self {
        case .null: text += "null"
        case .boolean(let flag): text += flag ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? String(value) : "null"
        case .string(let value): Self.write(value, into: &text)
        case .array(let elements):
            Self.write(elements, between: ("[", "]"), into: &text, indentation: indentation) { element, text, inner in
                element.write(into: &text, indentation: inner)
            }
        case .object(let members):
            Self.write(members, between: ("{", "}"), into: &text, indentation: indentation) { member, text, inner in
                Self.write(member.0, into: &text)
                text += inner == nil ? ":" : ": "
                member.1.write(into: &text, indentation: inner)
            }
        }
    }

    private static func write<Element>(
        _ elements: [Element],
        between brackets: (String, String),
        into text: inout String,
        indentation: Int?,
        _ body: (Element, inout String, Int?) -> Void
    ) {
        guard !elements.isEmpty else {
            text += brackets.0 + brackets.1
            return
        }
        text += brackets.0
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            if let indentation { text += "\n" + String(repeating: " ", count: indentation + 2) }
            body(element, &text, indentation.map { $0 + 2 })
        }
        if let indentation { text += "\n" + String(repeating: " ", count: indentation) }
        text += brackets.1
    }

    private static func write(_ value: String, into text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.steersTerminals:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

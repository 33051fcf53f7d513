internal import Foundation

/// A JSON document, read without leniency: one value, and nothing after it.
public indirect enum JSONDocument: Decodable, Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(Double)
    case string(String)
    case array([JSONDocument])
    case object([String: JSONDocument])

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {  // Every kind is tried; the last one throws.
            self = .boolean(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONDocument].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONDocument].self))
        }
    }

    /// Reads one document.
    public init(parsing text: String) throws {
        self = try JSONDecoder().decode(JSONDocument.self, from: Data(text.utf8))
    }

    /// The member of that name.
    public subscript(key: String) -> JSONDocument? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// The element at that place.
    public subscript(index: Int) -> JSONDocument? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }

    /// The string that it is.
    public var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// How many elements the array has.
    public var count: Int? {
        if case .array(let elements) = self { elements.count } else { nil }
    }
}

/// As much of JSON Schema as the schemas of this repository use, and stricter: a member that no schema mentions is wrong.
public struct DocumentSchema: Sendable {
    /// The keyword of a schema that this validator does not know.
    public struct UnknownKeyword: Error {
        public let name: String
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Config/schemas")
    private static let annotations: Set<String> = ["$schema", "$id", "$defs", "title", "description"]

    private let root: JSONDocument

    /// - Parameter name: `device` reads `Config/schemas/device.schema.json`, `events/held` one in the folder `events`.
    /// - Throws: When there is no such schema.
    public init(_ name: String) throws {
        let file = Self.folder.appending(path: "\(name).schema.json")
        self.root = try JSONDecoder().decode(JSONDocument.self, from: Data(contentsOf: file))
    }

    /// The names of all schemas that describe a document.
    public static func names() throws -> Set<String> {
        try Self.names(in: Self.folder)
    }

    /// The names of all schemas of what events say, with their folder.
    public static func eventNames() throws -> Set<String> {
        Set(try Self.names(in: Self.folder.appending(path: "events")).map { "events/" + $0 })
    }

    private static func names(in folder: URL) throws -> Set<String> {
        let suffix = ".schema.json"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return Set(files.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }).subtracting([
            "common"
        ])
    }

    /// Where the schemas of what events say are.
    public static var eventFolder: String { Self.folder.appending(path: "events").path }

    /// The text of an example of what an event says.
    public static func example(_ name: String) throws -> String {
        try String(contentsOf: Self.folder.appending(path: "events/examples/\(name).json"), encoding: .utf8)
    }

    /// What is wrong with a document, each with the path of the place.
    public func findings(in document: JSONDocument) throws -> [String] {
        try Self.findings(document, self.root, "$")
    }

    private static func findings(_ value: JSONDocument, _ schema: JSONDocument, _ path: String) throws -> [String] {
        guard case .object(let keywords) = schema else { return ["\(path): the schema is no object"] }
        var findings: [String] = []
        for (keyword, rule) in keywords where !Self.annotations.contains(keyword) {
            switch (keyword, rule) {
            case ("$ref", .string(let reference)):
                findings += try Self.findings(value, try Self.resolve(reference), path)
            case ("const", _):
                if value != rule { findings.append("\(path): is not \(rule)") }
            case ("enum", .array(let allowed)):
                if !allowed.contains(value) { findings.append("\(path): \(value) is none of \(allowed)") }
            case ("type", _):
                let allowed = if case .array(let several) = rule { several } else { [rule] }
                if !Self.types(of: value).contains(where: { allowed.contains(.string($0)) }) {
                    findings.append("\(path): \(value) is no \(allowed)")
                }
            case ("minimum", .number(let least)):
                if case .number(let number) = value, number < least { findings.append("\(path): below \(least)") }
            case ("pattern", .string(let pattern)):
                if case .string(let text) = value, try Regex(pattern).firstMatch(in: text) == nil {
                    findings.append("\(path): \(text) does not match \(pattern)")
                }
            case ("items", _):
                guard case .array(let elements) = value else { continue }
                for (index, element) in elements.enumerated() {
                    findings += try Self.findings(element, rule, "\(path)[\(index)]")
                }
            case ("required", .array(let names)):
                // Where null is allowed besides an object, it needs no members.
                guard case .object = value else { continue }
                for name in names.compactMap(\.text) where value[name] == nil {
                    findings.append("\(path): \(name) is missing")
                }
            case ("properties", _), ("additionalProperties", _):
                continue
            default:
                throw UnknownKeyword(name: keyword)
            }
        }
        return findings + (try Self.memberFindings(value, keywords, path))
    }

    private static func memberFindings(
        _ value: JSONDocument,
        _ keywords: [String: JSONDocument],
        _ path: String
    ) throws -> [String] {
        guard case .object(let members) = value, keywords["$ref"] == nil else { return [] }
        return try members.flatMap { name, member -> [String] in
            guard let rule = keywords["properties"]?[name] ?? keywords["additionalProperties"] else {
                return ["\(path): nothing describes \(name)"]
            }
            return try Self.findings(member, rule, "\(path).\(name)")
        }
    }

    private static func types(of value: JSONDocument) -> [String] {
        switch value {
        case .null: ["null"]
        case .boolean: ["boolean"]
        case .number(let number): number == number.rounded() ? ["number", "integer"] : ["number"]
        case .string: ["string"]
        case .array: ["array"]
        case .object: ["object"]
        }
    }

    /// Finds what `common.schema.json#/$defs/device` or `urn:gatehouse:schema:common:1#/$defs/device` names.
    private static func resolve(_ reference: String) throws -> JSONDocument {
        let parts = reference.split(separator: "#/$defs/")
        guard parts.count == 2,
            let target = try DocumentSchema(Self.name(of: String(parts[0]))).root["$defs"]?[String(parts[1])]
        else { throw UnknownKeyword(name: reference) }
        return target
    }

    private static func name(of reference: String) throws -> String {
        let parts = reference.split(separator: ":")
        if parts.count == 5, parts.starts(with: ["urn", "gatehouse", "schema"]) { return "events/\(parts[3])" }
        guard reference.hasSuffix(".schema.json") else { throw UnknownKeyword(name: reference) }
        return String(reference.dropLast(".schema.json".count))
    }
}

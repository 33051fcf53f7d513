import Foundation

/// As much of OpenAPI 3.1 and JSON Schema as our document uses, and stricter: a member that nothing describes is wrong.
struct OpenAPIDocument {
    struct Operation {
        let method: String
        let path: String
        let id: String
        /// The scopes that its security names, each way in once; a way in without any is the empty set.
        let scopes: [Set<String>]
        let ways: [Set<String>]
        let parameters: Set<String>
        let takesBody: Bool
        let responses: [String: [String: Any]]
    }

    let root: [String: Any]

    init(_ text: String) throws {
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        guard let root = value as? [String: Any] else { throw CocoaError(.coderReadCorrupt) }
        self.root = root
    }

    var operations: [Operation] {
        let paths = self.root["paths"] as? [String: [String: Any]] ?? [:]
        return paths.flatMap { path, item in
            item.filter { $0.key != "parameters" }.compactMap { method, value in
                guard let operation = value as? [String: Any] else { return nil }
                let security = operation["security"] as? [[String: [String]]] ?? []
                let parameters = operation["parameters"] as? [[String: Any]] ?? []
                let responses = operation["responses"] as? [String: [String: Any]] ?? [:]
                return Operation(
                    method: method.uppercased(),
                    path: path,
                    id: operation["operationId"] as? String ?? "",
                    scopes: security.map { Set($0.values.joined()) },
                    ways: security.map { Set($0.keys) },
                    parameters: Set(
                        parameters.filter { $0["in"] as? String == "query" }.compactMap { $0["name"] as? String }
                    ),
                    takesBody: operation["requestBody"] != nil,
                    responses: responses.mapValues { self.resolved($0) }
                )
            }
        }
    }

    private func resolved(_ object: [String: Any]) -> [String: Any] {
        guard let reference = object["$ref"] as? String else { return object }
        var place: Any? = self.root
        for part in reference.dropFirst(2).split(separator: "/") { place = (place as? [String: Any])?[String(part)] }
        return place as? [String: Any] ?? [:]
    }

    /// What is wrong with an answer, by the description of its operation.
    func findings(_ answer: Answer, to operationID: String) -> [String] {
        guard let operation = self.operations.first(where: { $0.id == operationID }) else { return ["no operation"] }
        guard let response = operation.responses["\(answer.status)"] else {
            return ["nothing describes \(answer.status)"]
        }
        guard let content = response["content"] as? [String: [String: Any]] else {
            return answer.text.isEmpty ? [] : ["nothing describes the body"]
        }
        let type = answer["Content-Type"].map { String($0.prefix { $0 != ";" }) } ?? ""
        guard let schema = content[type]?["schema"] as? [String: Any] else { return ["nothing describes \(type)"] }
        guard let value = answer.json else { return ["the body is no JSON object"] }
        return self.findings(value, schema, "$")
    }

    private func findings(_ value: Any, _ schema: [String: Any], _ path: String) -> [String] {
        let schema = self.resolved(schema)
        var findings: [String] = []
        if let constant = schema["const"] as? String, value as? String != constant {
            findings.append("\(path): is not \(constant)")
        }
        if let allowed = schema["enum"] as? [String], !allowed.contains(value as? String ?? "") {
            findings.append("\(path): \(value) is none of \(allowed)")
        }
        let types = (schema["type"] as? [String]) ?? (schema["type"] as? String).map { [$0] }
        if let types, !types.contains(where: { Self.isA($0, value) }) {
            findings.append("\(path): \(value) is no \(types)")
        }
        if let pattern = schema["pattern"] as? String, let text = value as? String,
            text.range(of: pattern, options: .regularExpression) == nil
        {
            findings.append("\(path): \(text) does not match \(pattern)")
        }
        if let items = schema["items"] as? [String: Any], let elements = value as? [Any] {
            for (index, element) in elements.enumerated() {
                findings += self.findings(element, items, "\(path)[\(index)]")
            }
        }
        guard let members = value as? [String: Any] else { return findings }
        for name in schema["required"] as? [String] ?? [] where members[name] == nil {
            findings.append("\(path): \(name) is missing")
        }
        let properties = schema["properties"] as? [String: [String: Any]]
        for (name, member) in members {
            if let rule = properties?[name] {
                findings += self.findings(member, rule, "\(path).\(name)")
            } else if properties != nil, schema["additionalProperties"] as? Bool != true {
                findings.append("\(path): nothing describes \(name)")
            }
        }
        return findings
    }

    private static func isA(_ type: String, _ value: Any) -> Bool {
        switch type {
        case "null": value is NSNull
        case "string": value is String
        case "boolean": (value as? NSNumber).map { CFGetTypeIDIsBoolean($0) } ?? false
        case "integer":
            (value as? NSNumber).map { !CFGetTypeIDIsBoolean($0) && $0.doubleValue == $0.doubleValue.rounded() }
                ?? false
        case "object": value is [String: Any]
        case "array": value is [Any]
        default: false
        }
    }

    /// A number that came from `true` or `false`.
    private static func CFGetTypeIDIsBoolean(_ number: NSNumber) -> Bool {
        String(cString: number.objCType) == "c" || number === (true as NSNumber) || number === (false as NSNumber)
    }
}

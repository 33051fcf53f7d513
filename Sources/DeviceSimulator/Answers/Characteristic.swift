internal import XMLKit

/// A node of a provisioning document: parameters and nodes below it.
struct Characteristic: Hashable, Sendable {
    struct Parameter: Hashable, Sendable {
        let value: String?
        let datatype: String?
    }

    let type: String
    let parameters: [String: Parameter]
    let children: [Characteristic]

    init(_ element: XMLElement, _ judge: Judge) throws(Deviation) {
        self.type = element.attribute("type") ?? ""
        var parameters: [String: Parameter] = [:]
        var children: [Characteristic] = []
        for child in element.children {
            switch child.localName {
            case "parm":
                let name = try judge.unwrap(child.attribute("name"), .documentShape, "a parm with a name")
                try judge.require(parameters[name] == nil, .documentShape, "one parm \(name)", found: "two")
                parameters[name] = Parameter(value: child.attribute("value"), datatype: child.attribute("datatype"))
            case "characteristic":
                _ = try judge.unwrap(child.attribute("type"), .documentShape, "a characteristic with a type")
                children.append(try Characteristic(child, judge))
            default:
                throw Deviation(
                    judge.step,
                    .documentShape,
                    expected: "parm and characteristic only",
                    found: child.localName
                )
            }
        }
        self.parameters = parameters
        self.children = children
    }

    func all(_ type: String) -> [Characteristic] {
        self.children.filter { $0.type == type }
    }

    /// What stands below `path`, gathered from every node that repeats a part of it.
    func below(_ path: String...) -> [Characteristic] {
        path.reduce([self]) { nodes, type in nodes.flatMap { $0.all(type) } }
    }

    func value(_ name: String) -> String? {
        self.parameters[name]?.value
    }
}

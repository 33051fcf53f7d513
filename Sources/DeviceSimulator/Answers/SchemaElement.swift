internal import XMLKit

/// One place in a sequence of a schema.
struct SchemaElement: Hashable, Sendable {
    enum Presence: Hashable, Sendable {
        /// There, and neither nil nor empty.
        case value
        /// There and not nil, but perhaps empty.
        case text
        /// There; nil says that it has no value.
        case nillable
        case optional
        /// At least once.
        case repeated
        /// Whatever comes after, in any number.
        case anything
    }

    let name: String
    let presence: Presence

    init(_ name: String, _ presence: Presence) {
        self.name = name
        self.presence = presence
    }

    static let wildcard = SchemaElement("", .anything)
}

/// Holds elements against sequences: right names, right order, nothing left out, nothing between.
struct SchemaChecker: Sendable {
    let judge: Judge

    /// Checks the children of `element`.
    ///
    /// - Returns: The children that have a value, by name; those that are nil are not in it.
    func check(_ element: XMLElement, _ sequence: [SchemaElement]) throws(Deviation) -> [String: XMLElement] {
        var found: [String: XMLElement] = [:]
        var children = Array(element.children)[...]
        for place in sequence {
            if place.presence == .anything { return found }
            let isThere = children.first?.matches(place.name, in: Names.policy) == true
            if place.presence == .optional, !isThere { continue }
            guard isThere, let child = children.popFirst() else {
                throw Deviation(
                    self.judge.step,
                    .policyOrder,
                    expected: "\(place.name) in \(element.localName)",
                    found: children.first?.localName ?? "nothing more"
                )
            }
            try self.check(child, place.presence)
            if !child.isNil { found[place.name] = child }
            while place.presence == .repeated, children.first?.matches(place.name, in: Names.policy) == true {
                children.removeFirst()
            }
        }
        try self.judge.require(
            children.isEmpty,
            .policyOrder,
            "nothing more in \(element.localName)",
            found: children.first?.localName ?? ""
        )
        return found
    }

    func checkIfPresent(_ element: XMLElement?, _ sequence: [SchemaElement]) throws(Deviation) {
        if let element { _ = try self.check(element, sequence) }
    }

    private func check(_ child: XMLElement, _ presence: SchemaElement.Presence) throws(Deviation) {
        let isEmpty = child.trimmedText.isEmpty && child.children.first { _ in true } == nil
        switch presence {
        case .value, .repeated, .text:
            try self.judge.require(!child.isNil, .policyNil, "a value in \(child.localName)", found: "xsi:nil")
            try self.judge.require(
                !isEmpty || presence == .text,
                .policyValue,
                "a value in \(child.localName)",
                found: "nothing"
            )
        case .nillable:
            try self.judge.require(
                child.isNil != !isEmpty,
                .policyNil,
                "either a value or xsi:nil=\"true\" in \(child.localName)",
                found: child.isNil ? "both" : "neither"
            )
        case .optional, .anything:
            break
        }
    }

    func number(_ element: XMLElement?, _ name: String) throws(Deviation) -> Int {
        let text = element?.trimmedText ?? "none"
        return try self.judge.unwrap(Int(text), .policyValue, "a number in \(name)", found: text)
    }
}

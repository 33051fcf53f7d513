/// The header fields of a request as they came, looked up without regard to case.
///
/// One copy of the octets with the places of names and values in it: most fields are never asked for, and never become
/// strings.
package struct HTTPHeaders: Sendable {
    struct Field: Sendable {
        let name: Range<Int>
        let value: Range<Int>
    }

    private let octets: [UInt8]
    private let fields: [Field]

    init(octets: [UInt8], fields: [Field]) {
        self.octets = octets
        self.fields = fields
    }

    package init(_ pairs: [(name: String, value: String)] = []) {
        var octets: [UInt8] = []
        var fields: [Field] = []
        for (name, value) in pairs {
            let start = octets.count
            octets.append(contentsOf: name.utf8)
            let middle = octets.count
            octets.append(contentsOf: value.utf8)
            fields.append(Field(name: start..<middle, value: middle..<octets.count))
        }
        self.init(octets: octets, fields: fields)
    }

    package var count: Int { self.fields.count }

    /// The value of the first field called `name`, without surrounding blanks.
    package subscript(name: String) -> String? {
        self.fields.first { self.isNamed(name, $0) }.map { self.text($0.value) }
    }

    /// The values of all fields called `name`, in order.
    package func values(of name: String) -> [String] {
        self.fields.filter { self.isNamed(name, $0) }.map { self.text($0.value) }
    }

    /// Every field, name and value as sent.
    package var pairs: [(name: String, value: String)] {
        self.fields.map { (self.text($0.name), self.text($0.value)) }
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: self.octets[range], as: UTF8.self)
    }

    private func isNamed(_ name: String, _ field: Field) -> Bool {
        guard name.utf8.count == field.name.count else { return false }
        var position = field.name.lowerBound
        for octet in name.utf8 {
            guard ASCII.lowercased(octet) == ASCII.lowercased(self.octets[position]) else { return false }
            position += 1
        }
        return true
    }
}

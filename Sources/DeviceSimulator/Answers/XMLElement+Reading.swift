internal import XMLKit

extension XMLElement {
    /// The text without the white space and line ends that many servers put around it.
    var trimmedText: String {
        var octets = self.octets[...]
        while let first = octets.first, first <= 32 { octets.removeFirst() }
        while let last = octets.last, last <= 32 { octets.removeLast() }
        return String(decoding: octets, as: UTF8.self)
    }

    /// Whether it says `xsi:nil="true"`.
    var isNil: Bool {
        let value = self.attribute("nil", in: Names.instance)
        return value == "true" || value == "1"
    }
}

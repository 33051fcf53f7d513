internal import Glibc

/// What remains of a parse: Swift arrays, filled once and never changed.
struct XMLTree: Sendable {
    /// An element or a run of character data.
    struct Node: Sendable {
        /// In ``XMLTree/names``; empty for character data.
        var name: Range<Int>
        /// Index into ``XMLTree/namespaces``; -1 for none.
        var namespace: Int
        /// Into ``XMLTree/attributes``; empty for character data.
        var attributes: Range<Int>
        /// Into ``XMLTree/text``; empty for elements.
        var text: Range<Int>
        /// Index of the first child; -1 for none.
        var firstChild = -1
        /// Index of the latest child while the tree grows; -1 for none.
        var lastChild = -1
        /// Index of the next sibling; -1 for none.
        var nextSibling = -1

        var isElement: Bool { !self.name.isEmpty }
    }

    struct Attribute: Sendable {
        var name: Range<Int>
        var namespace: Int
        var value: Range<Int>
    }

    var nodes: [Node] = []
    var attributes: [Attribute] = []
    var names: [UInt8] = []
    var text: [UInt8] = []
    var namespaces: [[UInt8]] = []
}

extension XMLTree {
    func name(_ range: Range<Int>, equals text: String) -> Bool {
        Self.equal(self.names[range], text)
    }

    /// Compares namespace names, for both sides without a trailing slash where `ignoringTrailingSlash` is set.
    func namespace(_ index: Int, equals namespace: String, ignoringTrailingSlash: Bool) -> Bool {
        guard index >= 0 else { return namespace.isEmpty }
        var found = self.namespaces[index][...]
        guard ignoringTrailingSlash else { return Self.equal(found, namespace) }
        if found.last == UInt8(ascii: "/") { found.removeLast() }
        return namespace.utf8.last == UInt8(ascii: "/")
            ? found.elementsEqual(namespace.utf8.dropLast())
            : Self.equal(found, namespace)
    }

    /// Every element is looked at by name and namespace several times: going octet by octet shows in a profile.
    private static func equal(_ octets: ArraySlice<UInt8>, _ text: String) -> Bool {
        guard octets.count == text.utf8.count else { return false }
        let isEqual = octets.withUnsafeBytes { octets in
            text.utf8.withContiguousStorageIfAvailable { text -> Bool in
                guard let found = octets.baseAddress, let expected = text.baseAddress else { return octets.isEmpty }
                return memcmp(found, expected, octets.count) == 0
            }
        }
        return isEqual ?? octets.elementsEqual(text.utf8)
    }
}

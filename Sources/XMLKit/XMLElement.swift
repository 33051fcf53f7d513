/// One element of a parsed document.
public struct XMLElement: Sendable {
    /// The tree behind one reference, so that an element costs no more than a counted pointer and an index.
    final class Storage: Sendable {
        let tree: XMLTree

        init(_ tree: XMLTree) {
            self.tree = tree
        }
    }

    private let storage: Storage
    private let index: Int

    init(of storage: Storage, at index: Int) {
        self.storage = storage
        self.index = index
    }

    private var node: XMLTree.Node { self.storage.tree.nodes[self.index] }

    /// The name without its prefix.
    public var localName: String {
        String(decoding: self.storage.tree.names[self.node.name], as: UTF8.self)
    }

    /// The namespace name as written; `nil` when the element is in none.
    public var namespace: String? {
        let namespace = self.node.namespace
        return namespace < 0 ? nil : String(decoding: self.storage.tree.namespaces[namespace], as: UTF8.self)
    }

    /// Whether this is the element `localName` of `namespace`.
    ///
    /// - Parameters:
    ///   - localName: Compared octet by octet.
    ///   - namespace: Empty for no namespace, `nil` for any.
    ///   - ignoringTrailingSlash: Published samples of discovery end the namespace in a slash that the schema does not
    ///     have; with `true` one slash at either end is cut before comparing.
    /// - Returns: `true` when name and namespace agree.
    public func matches(
        _ localName: String,
        in namespace: String? = nil,
        ignoringTrailingSlash: Bool = false
    ) -> Bool {
        let node = self.node
        guard self.storage.tree.name(node.name, equals: localName) else { return false }
        guard let namespace else { return true }
        return self.storage.tree.namespace(
            node.namespace,
            equals: namespace,
            ignoringTrailingSlash: ignoringTrailingSlash
        )
    }

    /// The elements directly inside, in document order.
    public var children: Children {
        Children(storage: self.storage, cursor: self.node.firstChild)
    }

    /// The first child element that ``matches(_:in:ignoringTrailingSlash:)``.
    public func first(
        _ localName: String,
        in namespace: String? = nil,
        ignoringTrailingSlash: Bool = false
    ) -> XMLElement? {
        self.children.first {
            $0.matches(localName, in: namespace, ignoringTrailingSlash: ignoringTrailingSlash)
        }
    }

    /// Whether there is no element inside, so that ``text`` is all there is to read.
    public var holdsTextOnly: Bool {
        var children = self.children
        return children.next() == nil
    }

    /// The character data directly inside, not that of children, exactly as sent.
    ///
    /// White space that stands alone beside children is layout and not part of it. A value that decides something asks
    /// ``holdsTextOnly`` first: text read around a child is not what another reader of the same message would see.
    public var text: String {
        String(decoding: self.octets, as: UTF8.self)
    }

    /// ``text`` as UTF-8, without a copy where the text is in one piece.
    public var octets: ArraySlice<UInt8> {
        var pieces = 0
        var result: ArraySlice<UInt8> = []
        var index = self.node.firstChild
        while index >= 0 {
            let child = self.storage.tree.nodes[index]
            if !child.isElement {
                pieces += 1
                if pieces == 1 {
                    result = self.storage.tree.text[child.text]
                } else {
                    result.append(contentsOf: self.storage.tree.text[child.text])
                }
            }
            index = child.nextSibling
        }
        return result
    }

    /// The value of an attribute.
    ///
    /// - Parameters:
    ///   - localName: The name without prefix.
    ///   - namespace: Empty for an attribute without prefix, `nil` for the first of that name in any namespace or none:
    ///     Windows qualifies some attributes in one message and not in the next.
    /// - Returns: The value as XML normalizes it, or `nil` when there is no such attribute.
    public func attribute(_ localName: String, in namespace: String? = nil) -> String? {
        for attribute in self.storage.tree.attributes[self.node.attributes]
        where self.storage.tree.name(attribute.name, equals: localName) {
            if let namespace,
                !self.storage.tree.namespace(attribute.namespace, equals: namespace, ignoringTrailingSlash: false)
            {
                continue
            }
            return String(decoding: self.storage.tree.text[attribute.value], as: UTF8.self)
        }
        return nil
    }

    /// The child elements of one element.
    public struct Children: Sequence, IteratorProtocol, Sendable {
        let storage: Storage
        var cursor: Int

        public mutating func next() -> XMLElement? {
            while self.cursor >= 0 {
                let index = self.cursor
                let node = self.storage.tree.nodes[index]
                self.cursor = node.nextSibling
                if node.isElement { return XMLElement(of: self.storage, at: index) }
            }
            return nil
        }
    }
}

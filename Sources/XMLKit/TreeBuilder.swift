internal import CLibXML2

/// Receives libxml2's events and grows an ``XMLTree``.
///
/// The library's own tree is never built: it would cost an allocation per node, and every view of it would be a pointer
/// to guard.
final class TreeBuilder {
    private(set) var tree = XMLTree()
    private(set) var foundDocumentType = false
    private var open: [Int] = []
    /// libxml2 interns namespace names, so one pointer comparison finds a known one.
    private var namespacePointers: [UnsafePointer<xmlChar>] = []

    init(capacityFor octets: Int) {
        self.tree.nodes.reserveCapacity(octets / 32)
        self.tree.text.reserveCapacity(octets / 2)
        self.tree.names.reserveCapacity(octets / 8)
    }

    /// Parses octets that ``DocumentScanner`` has passed.
    ///
    /// - Throws: ``XMLParseError``.
    static func build(_ octets: ArraySlice<UInt8>) throws(XMLParseError) -> XMLTree {
        _ = Self.libraryIsReady
        guard let context = xmlNewParserCtxt(), let handler = context.pointee.sax else {
            throw XMLParseError(.outOfMemory)
        }
        defer { xmlFreeParserCtxt(context) }
        let builder = TreeBuilder(capacityFor: octets.count)
        handler.pointee = Self.handler
        context.pointee._private = Unmanaged.passUnretained(builder).toOpaque()
        // Substituting entities is safe where none can be declared, and without it "&amp;" in an attribute would arrive as
        // "&#38;", meant for a tree that escapes once more.
        let options = [
            XML_PARSE_NOENT, XML_PARSE_NONET, XML_PARSE_NOERROR, XML_PARSE_NOWARNING, XML_PARSE_NOCDATA,
            XML_PARSE_IGNORE_ENC,
        ].reduce(0) { $0 | $1.rawValue }
        // Without the library's own tree there is no document to return: the verdict is in the context.
        withExtendedLifetime(builder) {
            octets.withUnsafeBufferPointer { buffer in
                buffer.withMemoryRebound(to: CChar.self) { characters in
                    xmlFreeDoc(
                        xmlCtxtReadMemory(
                            context,
                            characters.baseAddress,
                            CInt(characters.count),
                            nil,
                            nil,
                            CInt(options)
                        )
                    )
                }
            }
        }
        guard !builder.foundDocumentType else { throw XMLParseError(.documentType) }
        guard context.pointee.wellFormed == 1, context.pointee.nsWellFormed == 1, !builder.tree.nodes.isEmpty else {
            let last = context.pointee.lastError
            throw XMLParseError(.malformed(code: Int(last.code)), line: Int(last.line))
        }
        return builder.tree
    }

    /// Initializes the library once: its first use must not happen on two threads at the same time.
    private static let libraryIsReady: Void = xmlInitParser()

    /// Only these five are set; without the rest the library neither builds a tree nor loads or declares anything.
    private static var handler: xmlSAXHandler {
        var handler = xmlSAXHandler()
        handler.initialized = XML_SAX2_MAGIC
        handler.internalSubset = { context, _, _, _ in
            guard let builder = TreeBuilder.of(context) else { return }
            builder.foundDocumentType = true
            xmlStopParser(context?.assumingMemoryBound(to: xmlParserCtxt.self))
        }
        handler.startElementNs = { context, name, _, namespace, _, _, attributeCount, _, attributes in
            guard let builder = TreeBuilder.of(context), let name else { return }
            builder.start(name, namespace, Int(attributeCount), attributes)
        }
        handler.endElementNs = { context, _, _, _ in
            TreeBuilder.of(context)?.end()
        }
        handler.characters = { context, characters, count in
            guard let builder = TreeBuilder.of(context), let characters else { return }
            builder.append(UnsafeBufferPointer(start: characters, count: Int(count)))
        }
        handler.cdataBlock = handler.characters
        return handler
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> TreeBuilder? {
        context?.assumingMemoryBound(to: xmlParserCtxt.self).pointee._private.map {
            Unmanaged<TreeBuilder>.fromOpaque($0).takeUnretainedValue()
        }
    }

    private func start(
        _ name: UnsafePointer<xmlChar>,
        _ namespace: UnsafePointer<xmlChar>?,
        _ attributeCount: Int,
        _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
    ) {
        let first = self.tree.attributes.count
        if let attributes {
            // Five pointers each: name, prefix, namespace, first octet of the value, end of the value.
            for fields in stride(from: 0, to: attributeCount * 5, by: 5) {
                guard let name = attributes[fields] else { continue }
                guard let start = attributes[fields + 3], let end = attributes[fields + 4] else { continue }
                self.tree.attributes.append(
                    XMLTree.Attribute(
                        name: self.intern(name),
                        namespace: self.namespace(attributes[fields + 2]),
                        value: self.store(UnsafeBufferPointer(start: start, count: end - start))
                    )
                )
            }
        }
        let node = XMLTree.Node(
            name: self.intern(name),
            namespace: self.namespace(namespace),
            attributes: first..<self.tree.attributes.count,
            text: 0..<0
        )
        self.open.append(self.link(node))
    }

    private func end() {
        _ = self.open.popLast()
    }

    /// Keeps character data.
    ///
    /// White space alone is layout and dropped, unless it is all an element holds: then it may be a value.
    private func append(_ characters: UnsafeBufferPointer<UInt8>) {
        guard let parent = self.open.last else { return }
        let last = self.tree.nodes[parent].lastChild
        if last >= 0, !self.tree.nodes[last].isElement, self.tree.nodes[last].text.upperBound == self.tree.text.count {
            let start = self.tree.nodes[last].text.lowerBound
            self.tree.text.append(contentsOf: characters)
            self.tree.nodes[last].text = start..<self.tree.text.count
        } else if last < 0 || characters.contains(where: { $0 > 0x20 }) {
            let text = self.store(characters)
            _ = self.link(XMLTree.Node(name: 0..<0, namespace: -1, attributes: 0..<0, text: text))
        }
    }

    private func link(_ node: XMLTree.Node) -> Int {
        let index = self.tree.nodes.count
        self.tree.nodes.append(node)
        guard let parent = self.open.last else { return index }
        let last = self.tree.nodes[parent].lastChild
        if last < 0 {
            self.tree.nodes[parent].firstChild = index
        } else {
            self.tree.nodes[last].nextSibling = index
        }
        self.tree.nodes[parent].lastChild = index
        return index
    }

    private func intern(_ name: UnsafePointer<xmlChar>) -> Range<Int> {
        let start = self.tree.names.count
        self.tree.names.append(contentsOf: UnsafeBufferPointer(start: name, count: Int(xmlStrlen(name))))
        return start..<self.tree.names.count
    }

    private func store(_ octets: UnsafeBufferPointer<UInt8>) -> Range<Int> {
        let start = self.tree.text.count
        self.tree.text.append(contentsOf: octets)
        return start..<self.tree.text.count
    }

    private func namespace(_ name: UnsafePointer<xmlChar>?) -> Int {
        guard let name else { return -1 }
        if let known = self.namespacePointers.firstIndex(of: name) { return known }
        self.namespacePointers.append(name)
        self.tree.namespaces.append(Array(UnsafeBufferPointer(start: name, count: Int(xmlStrlen(name)))))
        return self.namespacePointers.count - 1
    }
}

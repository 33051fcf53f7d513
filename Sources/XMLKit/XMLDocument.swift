/// A document that was parsed from untrusted octets.
///
/// libxml2 reads it; what is kept are Swift values, so no pointer outlives the parse and elements may be held, copied and
/// sent to other tasks freely.
public struct XMLDocument: Sendable {
    /// The outermost element.
    public let root: XMLElement

    /// Parses one UTF-8 document within limits.
    ///
    /// Refused are document type declarations (hence every entity beyond the five predefined ones and everything
    /// external), processing instructions, other encodings whether used or only declared, and NUL. A byte order mark and
    /// white space ahead of the XML declaration are accepted. Comments are dropped and CDATA sections are text.
    ///
    /// - Throws: ``XMLParseError``.
    public init(parsing octets: [UInt8], limits: XMLLimits = .message) throws(XMLParseError) {
        var scanner = DocumentScanner(octets, limits: limits)
        let extent = try scanner.scan()
        self.root = XMLElement(of: XMLElement.Storage(try TreeBuilder.build(octets[extent])), at: 0)
    }
}

/// Why octets were not accepted as a document.
///
/// It carries no piece of the input: a message that is refused may hold a password, and errors end in logs.
public struct XMLParseError: Error, Hashable, Sendable {
    /// What was found.
    public enum Reason: Hashable, Sendable {
        /// No octets, or white space only.
        case empty
        /// More octets than the limit.
        case tooLarge
        /// Not UTF-8: another encoding, a surrogate, an overlong form or a stray octet.
        case notUTF8
        /// A NUL octet.
        case containsNUL
        /// The XML declaration names an encoding other than UTF-8.
        case declaredEncoding
        /// A document type declaration, which could declare entities and name external resources.
        case documentType
        /// A processing instruction, which SOAP forbids (SOAP 1.2 Part 1 § 5).
        case processingInstruction
        /// Elements nested deeper than the limit.
        case tooDeep
        /// More attributes and namespace declarations on one element than the limit.
        case tooManyAttributes
        /// More namespace declarations in the document than the limit.
        case tooManyNamespaces
        /// More elements and attributes in the document than the limit.
        case tooManyNodes
        /// A violation of XML 1.0 or Namespaces in XML; `code` is libxml2's number, 0 where our own scan found it.
        case malformed(code: Int)
        /// The library could not allocate its context.
        case outOfMemory
    }

    public let reason: Reason
    /// The line where it was noticed, from 1; 0 when there is no place to name.
    public let line: Int

    init(_ reason: Reason, line: Int = 0) {
        self.reason = reason
        self.line = line
    }
}

extension XMLParseError: CustomStringConvertible {
    public var description: String {
        let place = self.line > 0 ? " in line \(self.line)" : ""
        return "XML refused\(place): \(self.reason)"
    }
}

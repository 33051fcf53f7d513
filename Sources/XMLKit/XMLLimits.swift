/// Bounds on what one document may cost.
public struct XMLLimits: Hashable, Sendable {
    /// Octets in the whole document.
    public var octets: Int
    /// Elements inside one another; the root counts as 1.
    public var depth: Int
    /// Attributes on one element, its namespace declarations among them.
    public var attributesPerElement: Int
    /// Namespace declarations in the whole document.
    public var namespaces: Int
    /// Elements and attributes together, in the whole document.
    public var nodes: Int

    public init(
        octets: Int = 512 * 1024,
        depth: Int = 64,
        attributesPerElement: Int = 64,
        namespaces: Int = 256,
        nodes: Int = 8192
    ) {
        self.octets = octets
        self.depth = depth
        self.attributesPerElement = attributesPerElement
        self.namespaces = namespaces
        self.nodes = nodes
    }

    /// What an enrollment message needs, several times over.
    public static let message = XMLLimits()
}

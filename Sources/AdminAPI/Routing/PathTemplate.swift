/// A path in which segments in braces stand for anything: `/api/v1/identities/{sha256}`; one that ends in `/*` goes on.
package struct PathTemplate: Hashable, Sendable {
    private enum Segment: Hashable {
        case fixed(String)
        case variable(String)
    }

    package let text: String
    private let segments: [Segment]
    private let isOpen: Bool

    package init(_ text: String) {
        self.text = text
        self.isOpen = text.hasSuffix("/*")
        let path = self.isOpen ? text.dropLast(2) : text[...]
        self.segments = path.split(separator: "/").map { segment in
            segment.hasPrefix("{") && segment.hasSuffix("}")
                ? .variable(String(segment.dropFirst().dropLast())) : .fixed(String(segment))
        }
    }

    /// The names in braces, in order.
    package var variables: [String] {
        self.segments.compactMap { segment in
            if case .variable(let name) = segment { name } else { nil }
        }
    }

    /// - Parameter path: Its segments.
    /// - Returns: What stands for each variable, in order; `nil` for another path.
    func match(_ path: [Substring]) -> [String]? {
        guard self.isOpen ? path.count > self.segments.count : path.count == self.segments.count else { return nil }
        var values: [String] = []
        for (segment, part) in zip(self.segments, path) {
            switch segment {
            case .fixed(let word): if part != word { return nil }
            case .variable:
                guard !part.isEmpty else { return nil }
                values.append(String(part))
            }
        }
        return values
    }
}

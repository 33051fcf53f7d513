/// One element of DER, or of something that only looks like it.
///
/// Written apart from the code under test, which would refuse to write most of what its readers must survive.
public struct DERElement: Hashable, Sendable {
    /// Identifier, length and contents.
    public let octets: [UInt8]

    /// An element as it is, however wrong.
    public init(_ octets: [UInt8]) {
        self.octets = octets
    }

    /// - Parameters:
    ///   - tag: The identifier octet, class and constructed bit included.
    ///   - contents: The contents octets; the length is put before them in its shortest form.
    public init(tag: UInt8, _ contents: [UInt8]) {
        var length: [UInt8] = []
        var count = contents.count
        while count > 0 {
            length.insert(UInt8(count & 0xff), at: 0)
            count >>= 8
        }
        if contents.count >= 0x80 {
            length.insert(0x80 | UInt8(length.count), at: 0)
        } else if length.isEmpty {
            length = [0]
        }
        self.octets = [tag] + length + contents
    }

    /// - Parameters:
    ///   - tag: The identifier octet, class and constructed bit included.
    ///   - elements: The contents, in this order.
    public init(tag: UInt8, of elements: [DERElement]) {
        self.init(tag: tag, elements.flatMap(\.octets))
    }
}

extension DERElement {
    public static let null = DERElement(tag: 0x05, [])

    public static func boolean(_ value: Bool) -> DERElement { DERElement(tag: 0x01, [value ? 0xff : 0]) }

    /// Contents octets as they are, whether or not they are the shortest.
    public static func integer(_ octets: [UInt8]) -> DERElement { DERElement(tag: 0x02, octets) }

    /// A magnitude, big-endian without leading zeros; an octet is put before it where the sign needs one.
    public static func positive(_ magnitude: [UInt8]) -> DERElement {
        .integer((magnitude.first ?? 0) >= 0x80 ? [0] + magnitude : magnitude)
    }

    public static func bitString(_ octets: [UInt8], unused: UInt8 = 0) -> DERElement {
        DERElement(tag: 0x03, [unused] + octets)
    }

    public static func octetString(_ octets: [UInt8]) -> DERElement { DERElement(tag: 0x04, octets) }

    /// An object identifier from its dotted text, `2.5.4.3`; the first two arcs are joined into one octet.
    public static func identifier(_ dotted: String) -> DERElement {
        let arcs = dotted.split(separator: ".").compactMap { UInt64($0) }
        precondition(arcs.count >= 2, "an object identifier has two arcs at least")
        return DERElement(tag: 0x06, ([arcs[0] * 40 + arcs[1]] + arcs.dropFirst(2)).flatMap(Self.base128))
    }

    public static func utf8(_ text: String) -> DERElement { DERElement(tag: 0x0c, Array(text.utf8)) }

    public static func printable(_ text: String) -> DERElement { DERElement(tag: 0x13, Array(text.utf8)) }

    public static func utcTime(_ text: String) -> DERElement { DERElement(tag: 0x17, Array(text.utf8)) }

    public static func generalizedTime(_ text: String) -> DERElement { DERElement(tag: 0x18, Array(text.utf8)) }

    public static func sequence(_ elements: [DERElement]) -> DERElement { DERElement(tag: 0x30, of: elements) }

    public static func set(_ elements: [DERElement]) -> DERElement { DERElement(tag: 0x31, of: elements) }

    /// A context-specific tag around whole elements.
    public static func context(_ number: UInt8, _ elements: [DERElement]) -> DERElement {
        DERElement(tag: 0xa0 | number, of: elements)
    }

    /// A context-specific tag in place of a primitive's own.
    public static func context(_ number: UInt8, octets: [UInt8]) -> DERElement {
        DERElement(tag: 0x80 | number, octets)
    }

    private static func base128(_ arc: UInt64) -> [UInt8] {
        var octets = [UInt8(arc & 0x7f)]
        var rest = arc >> 7
        while rest > 0 {
            octets.insert(0x80 | UInt8(rest & 0x7f), at: 0)
            rest >>= 7
        }
        return octets
    }
}

extension DERElement {
    /// A Name (RFC 5280 § 4.1.2.4) with one attribute to each relative distinguished name.
    public static func name(_ attributes: [(type: String, value: DERElement)]) -> DERElement {
        .sequence(attributes.map { .set([.sequence([.identifier($0.type), $0.value])]) })
    }

    /// A SubjectPublicKeyInfo of an RSA key; both numbers big-endian without leading zeros.
    public static func rsaKey(modulus: [UInt8], exponent: [UInt8] = [1, 0, 1]) -> DERElement {
        .sequence([
            .sequence([.identifier("1.2.840.113549.1.1.1"), .null]),
            .bitString(DERElement.sequence([.positive(modulus), .positive(exponent)]).octets),
        ])
    }

    /// A SubjectPublicKeyInfo of an elliptic-curve key.
    public static func ellipticKey(curve: String, point: [UInt8]) -> DERElement {
        .sequence([.sequence([.identifier("1.2.840.10045.2.1"), .identifier(curve)]), .bitString(point)])
    }
}

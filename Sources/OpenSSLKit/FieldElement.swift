/// An element of GF(2⁸) modulo x⁸ + x⁴ + x³ + x + 1, the field of AES (FIPS 197 § 4.2).
///
/// Multiplied bit by bit, without tables and without branches, so that neither time nor cache tells what it was.
struct FieldElement: Hashable {
    var octet: UInt8

    init(_ octet: UInt8) {
        self.octet = octet
    }

    static func + (left: FieldElement, right: FieldElement) -> FieldElement {
        FieldElement(left.octet ^ right.octet)
    }

    static func * (left: FieldElement, right: FieldElement) -> FieldElement {
        var (multiplicand, multiplier, product) = (left.octet, right.octet, UInt8(0))
        for _ in 0..<8 {
            product ^= multiplicand & (0 &- (multiplier & 1))
            multiplicand = (multiplicand << 1) ^ (0x1b & (0 &- (multiplicand >> 7)))
            multiplier >>= 1
        }
        return FieldElement(product)
    }

    /// The element whose product with this one is 1; 0 for 0.
    var inverse: FieldElement {
        // x²⁵⁴: the exponent is fixed, so this takes the same steps for every x.
        var (power, result) = (self, FieldElement(1))
        for _ in 0..<7 {
            power = power * power
            result = result * power
        }
        return result
    }
}

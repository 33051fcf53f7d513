internal import CPKCS11

/// Attributes of an object, to find it by or to make it with (PKCS #11 v2.40 § 4).
struct AttributeList {
    private var entries: [(type: UInt, value: [UInt8])] = []

    mutating func set(_ type: UInt, to value: [UInt8]) {
        self.entries.append((type, value))
    }

    mutating func set(_ type: UInt, to value: Bool) {
        self.set(type, to: [value ? 1 : 0])
    }

    /// A number as the machine writes a `CK_ULONG`.
    mutating func set(_ type: UInt, to value: UInt) {
        self.set(type, to: withUnsafeBytes(of: value) { Array($0) })
    }

    /// Lends them out in the form in which functions take them.
    func withAttributes<Result>(_ body: (UnsafeMutablePointer<ck_attribute>, UInt) -> Result) -> Result {
        // Each value begins where a number may begin.
        let total = self.entries.reduce(8) { $0 + Self.room(for: $1.value) }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: total, alignment: 8)
        let attributes = UnsafeMutablePointer<ck_attribute>.allocate(capacity: self.entries.count + 1)
        defer {
            attributes.deallocate()
            memory.deallocate()
        }
        var place = memory
        for (index, entry) in self.entries.enumerated() {
            place.copyMemory(from: entry.value, byteCount: entry.value.count)
            (attributes + index).initialize(
                to: ck_attribute(type: entry.type, value: place, value_len: UInt(entry.value.count))
            )
            place += Self.room(for: entry.value)
        }
        return body(attributes, UInt(self.entries.count))
    }

    private static func room(for value: [UInt8]) -> Int {
        (value.count + 7) / 8 * 8
    }
}

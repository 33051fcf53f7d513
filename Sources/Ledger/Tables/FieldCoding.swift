internal import EnrollmentCore

/// Puts short texts, numbers and octets one after the other, for lists that are kept but never searched.
struct FieldWriter {
    private(set) var octets: [UInt8] = []

    mutating func append(_ number: Int64) {
        var rest = UInt64(bitPattern: number)
        while rest >= 0x80 {
            self.octets.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        self.octets.append(UInt8(rest))
    }

    mutating func append(_ octets: [UInt8]) {
        self.append(Int64(octets.count))
        self.octets += octets
    }

    mutating func append(_ text: String) {
        self.append(Int64(text.utf8.count))
        self.octets += text.utf8
    }
}

/// Takes back what a ``FieldWriter`` put.
struct FieldReader {
    private var rest: ArraySlice<UInt8>

    init(_ octets: [UInt8]) {
        self.rest = octets[...]
    }

    var isAtEnd: Bool { self.rest.isEmpty }

    mutating func number() throws(EnrollmentError) -> Int64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard let octet = self.rest.popFirst() else { throw .unreadable("a list's number") }
            value |= UInt64(octet & 0x7f) << shift
            if octet < 0x80 { return Int64(bitPattern: value) }
        }
        throw .unreadable("a list's number")
    }

    mutating func octets() throws(EnrollmentError) -> [UInt8] {
        let count = try self.number()
        guard count >= 0, count <= self.rest.count else { throw .unreadable("a list's length") }
        defer { self.rest = self.rest.dropFirst(Int(count)) }
        return Array(self.rest.prefix(Int(count)))
    }

    mutating func text() throws(EnrollmentError) -> String {
        String(decoding: try self.octets(), as: UTF8.self)
    }
}

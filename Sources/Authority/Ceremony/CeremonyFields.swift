internal import EnrollmentCore

/// Octets of a ceremony's file: fields one after another, each behind its length in four octets.
struct CeremonyFieldWriter {
    private(set) var octets: [UInt8] = []

    mutating func append(_ field: [UInt8]) {
        let length = UInt32(field.count)
        self.octets += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
        self.octets += field
    }

    mutating func append(_ text: String) { self.append(Array(text.utf8)) }

    mutating func append(_ number: Int64) {
        self.append((0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * Int64($0))) })
    }
}

/// Reads what ``CeremonyFieldWriter`` wrote; surplus and missing octets are errors.
struct CeremonyFieldReader {
    private var rest: ArraySlice<UInt8>

    init(_ octets: [UInt8]) {
        self.rest = octets[...]
    }

    static var malformed: EnrollmentError {
        EnrollmentError(
            .messageFormat,
            "The file is not a ceremony's, or its octets were damaged on the way.",
            rule: "ceremony.malformed"
        )
    }

    mutating func octets() throws(EnrollmentError) -> [UInt8] {
        guard self.rest.count >= 4 else { throw Self.malformed }
        let length = self.rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        self.rest = self.rest.dropFirst(4)
        guard self.rest.count >= length else { throw Self.malformed }
        defer { self.rest = self.rest.dropFirst(length) }
        return Array(self.rest.prefix(length))
    }

    mutating func text() throws(EnrollmentError) -> String {
        guard let text = String(validating: try self.octets(), as: UTF8.self) else { throw Self.malformed }
        return text
    }

    mutating func number() throws(EnrollmentError) -> Int64 {
        let octets = try self.octets()
        guard octets.count == 8 else { throw Self.malformed }
        return octets.reduce(0) { $0 << 8 | Int64($1) }
    }

    /// How many of something follow; bounded, since whoever wrote it is not known yet.
    mutating func count(atMost most: Int64) throws(EnrollmentError) -> Int {
        let count = try self.number()
        guard (0...most).contains(count) else { throw Self.malformed }
        return Int(count)
    }

    func finish() throws(EnrollmentError) {
        guard self.rest.isEmpty else { throw Self.malformed }
    }
}

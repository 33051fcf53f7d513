internal import EnrollmentCore

/// The canonical octets of a row: the same for the same values, whichever store they are in, and for no others.
///
/// One octet says what a value is, a text or octets are preceded by their length.
enum RowCoding {
    static func encode(_ values: [StoreValue]) -> [UInt8] {
        var writer = FieldWriter()
        for value in values {
            switch value {
            case .null: writer.append(0 as Int64)
            case .integer(let number):
                writer.append(1 as Int64)
                writer.append(number)
            case .text(let octets):
                writer.append(2 as Int64)
                writer.append(octets)
            case .octets(let octets):
                writer.append(3 as Int64)
                writer.append(octets)
            }
        }
        return writer.octets
    }

    static func decode(_ octets: [UInt8]) throws(EnrollmentError) -> [StoreValue] {
        var reader = FieldReader(octets)
        var values: [StoreValue] = []
        while !reader.isAtEnd {
            switch try reader.number() {
            case 0: values.append(.null)
            case 1: values.append(.integer(try reader.number()))
            case 2: values.append(.text(try reader.octets()))
            case 3: values.append(.octets(try reader.octets()))
            default: throw .unreadable("a copy's progress")
            }
        }
        return values
    }
}

/// SHA-256, by whoever has it.
package typealias StoreDigest = @Sendable ([UInt8]) throws -> [UInt8]

/// One digest over all rows of a table, in the order of their keys.
struct TableDigest {
    private let digest: StoreDigest
    private(set) var octets: [UInt8]
    private(set) var count = 0

    init(_ table: StoreTable, by digest: @escaping StoreDigest) throws {
        self.digest = digest
        self.octets = try digest(Array(table.title.utf8))
    }

    /// - Parameter row: The digest of the next row.
    /// - Throws: What the digest threw.
    mutating func append(_ row: [UInt8]) throws {
        self.octets = try self.digest(self.octets + row)
        self.count += 1
    }
}

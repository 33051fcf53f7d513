internal import CPostgres

/// The answer to one statement, kept as it came until a value is asked for.
///
/// Rows and columns count from 0. Reading a column as what it is not is a mistake in the source, and stops the program.
public final class PostgresRows {
    /// How the octets of a column are read.
    private enum Form {
        case boolean
        case signed
        case unsigned
        case text
        case octets
        /// What functions without a value return.
        case void
    }

    private let result: PostgresResult
    private let forms: [Form]
    public let count: Int

    init(_ result: PostgresResult, of statement: String) throws(PostgresError) {
        self.result = result
        self.count = Int(PQntuples(result.pointer))
        var forms: [Form] = []
        for column in 0..<PQnfields(result.pointer) {
            guard let form = Self.form(PQftype(result.pointer, column)) else {
                throw PostgresError(
                    .unexpectedType,
                    during: "rows",
                    message: "column \(column) has type \(PQftype(result.pointer, column)); cast it",
                    statement: statement
                )
            }
            forms.append(form)
        }
        self.forms = forms
    }

    /// By the identifiers of the types in every server's catalog.
    private static func form(_ type: Oid) -> Form? {
        switch type {
        case 16: .boolean
        case 20, 21, 23: .signed  // bigint, smallint, integer
        case 26, 28, 5069: .unsigned  // oid, xid, xid8
        case 17: .octets
        case 18, 19, 25, 114, 705, 1042, 1043: .text  // "char", name, text, json, unknown, char(n), varchar
        case 2278: .void
        default: nil
        }
    }

    public var columns: Int { self.forms.count }

    /// How many rows an INSERT, UPDATE or DELETE changed, or a SELECT returned.
    public var affected: Int {
        PQcmdTuples(self.result.pointer).flatMap { Int(String(cString: $0)) } ?? 0
    }

    public func isNull(_ row: Int, _ column: Int) -> Bool {
        PQgetisnull(self.result.pointer, Int32(row), Int32(column)) == 1
    }

    /// A whole number, or 1 and 0 for a boolean; 0 for NULL.
    public func integer(_ row: Int, _ column: Int) -> Int64 {
        let isSigned = self.forms[column] == .signed
        precondition(isSigned || [.unsigned, .boolean].contains(self.forms[column]), "column \(column) is no number")
        return self.withOctets(row, column) { octets in
            guard let first = octets.first else { return 0 }
            let start: Int64 = isSigned && first & 0x80 != 0 ? -1 : 0
            return octets.reduce(start) { $0 << 8 | Int64($1) }
        }
    }

    /// A text; empty for NULL.
    public func text(_ row: Int, _ column: Int) -> String {
        precondition(self.forms[column] == .text, "column \(column) is no text")
        return self.withOctets(row, column) { String(decoding: $0, as: UTF8.self) }
    }

    /// Octets; none for NULL.
    public func octets(_ row: Int, _ column: Int) -> [UInt8] {
        precondition(self.forms[column] == .octets, "column \(column) holds no octets")
        return self.withOctets(row, column) { [UInt8]($0) }
    }

    /// Lends the octets of a value as the server sent them, without a copy; none for NULL.
    public func withOctets<Result>(_ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        precondition((0..<self.count).contains(row) && self.forms.indices.contains(column), "there is no such value")
        let count = Int(PQgetlength(self.result.pointer, Int32(row), Int32(column)))
        let start = PQgetvalue(self.result.pointer, Int32(row), Int32(column))
        return body(UnsafeRawBufferPointer(start: start, count: count))
    }
}

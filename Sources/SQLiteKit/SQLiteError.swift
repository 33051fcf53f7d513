internal import CSQLite

/// A failed SQLite call: what was asked, what the library answered.
///
/// The message is the library's own. It may name a table or a column and never contains a bound value.
public struct SQLiteError: Error, Hashable, Sendable {
    /// What a caller can usefully tell apart.
    public enum Kind: Hashable, Sendable, CaseIterable {
        /// Another connection holds the lock and did not let go within the busy timeout.
        case busy
        /// The disk, or the configured size of the database, is used up.
        case diskFull
        /// The file or its file system does not accept writes.
        case readOnly
        case inputOutput
        case cannotOpen
        case corrupt
        case notADatabase
        case outOfMemory
        case interrupted
        /// A unique index or primary key has this value already.
        case uniqueViolation
        case foreignKeyViolation
        case checkViolation
        case notNullViolation
        /// A constraint of another sort, or a refusing commit hook.
        case otherViolation
        /// A value or statement above the library's limits.
        case tooBig
        case other
    }

    public let kind: Kind
    /// The extended result code, see https://sqlite.org/rescode.html.
    public let extendedCode: Int
    /// What was being done, as the C function's name.
    public let operation: String
    public let message: String

    init(_ status: Int32, during operation: String, message: String) {
        self.kind = Kind(status)
        self.extendedCode = Int(status)
        self.operation = operation
        self.message = message
    }

    /// The name of the primary result code, for example `SQLITE_FULL`.
    public var name: String {
        let primary = Int32(truncatingIfNeeded: self.extendedCode & 0xff)
        return Self.names[primary] ?? "SQLITE_\(primary)"
    }

    private static let names: [Int32: String] = [
        SQLITE_ERROR: "SQLITE_ERROR", SQLITE_INTERNAL: "SQLITE_INTERNAL", SQLITE_PERM: "SQLITE_PERM",
        SQLITE_ABORT: "SQLITE_ABORT", SQLITE_BUSY: "SQLITE_BUSY", SQLITE_LOCKED: "SQLITE_LOCKED",
        SQLITE_NOMEM: "SQLITE_NOMEM", SQLITE_READONLY: "SQLITE_READONLY", SQLITE_INTERRUPT: "SQLITE_INTERRUPT",
        SQLITE_IOERR: "SQLITE_IOERR", SQLITE_CORRUPT: "SQLITE_CORRUPT", SQLITE_FULL: "SQLITE_FULL",
        SQLITE_CANTOPEN: "SQLITE_CANTOPEN", SQLITE_PROTOCOL: "SQLITE_PROTOCOL", SQLITE_SCHEMA: "SQLITE_SCHEMA",
        SQLITE_TOOBIG: "SQLITE_TOOBIG", SQLITE_CONSTRAINT: "SQLITE_CONSTRAINT", SQLITE_MISMATCH: "SQLITE_MISMATCH",
        SQLITE_MISUSE: "SQLITE_MISUSE", SQLITE_AUTH: "SQLITE_AUTH", SQLITE_RANGE: "SQLITE_RANGE",
        SQLITE_NOTADB: "SQLITE_NOTADB",
    ]
}

extension SQLiteError: CustomStringConvertible {
    public var description: String { "\(self.operation): \(self.name) (\(self.extendedCode)): \(self.message)" }
}

extension SQLiteError.Kind {
    fileprivate init(_ status: Int32) {
        switch status & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: self = .busy
        case SQLITE_FULL: self = .diskFull
        case SQLITE_READONLY: self = .readOnly
        case SQLITE_IOERR: self = .inputOutput
        case SQLITE_CANTOPEN, SQLITE_PERM: self = .cannotOpen
        case SQLITE_CORRUPT: self = .corrupt
        case SQLITE_NOTADB: self = .notADatabase
        case SQLITE_NOMEM: self = .outOfMemory
        case SQLITE_INTERRUPT, SQLITE_ABORT: self = .interrupted
        case SQLITE_TOOBIG: self = .tooBig
        case SQLITE_CONSTRAINT: self = Self(constraint: status)
        default: self = .other
        }
    }

    /// Extended codes are the primary code with a number in the second octet; the macros that spell them do not import.
    private init(constraint status: Int32) {
        switch status >> 8 {
        case 1: self = .checkViolation
        case 3: self = .foreignKeyViolation
        case 5: self = .notNullViolation
        case 6, 8: self = .uniqueViolation
        default: self = .otherViolation
        }
    }
}

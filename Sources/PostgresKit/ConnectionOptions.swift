internal import CPostgres
internal import Glibc

/// What a connection string says, by libpq's own reading of it.
struct ConnectionOptions {
    private let values: [String: String]

    /// Nothing when libpq does not understand the string.
    init(parsing text: String) {
        guard text.contains("=") || text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") else {
            // As libpq has it, a single word is the name of a database.
            self.values = text.isEmpty ? [:] : ["dbname": text]
            return
        }
        // The reason is not asked for: it may quote any part of the string, the password too.
        self.values = Self.read(PQconninfoParse(text, nil))
    }

    /// What a connection goes by after all its sources were read.
    init(of connection: OpaquePointer) {
        self.values = Self.read(PQconninfo(connection))
    }

    /// Takes libpq's list and gives it back.
    private static func read(_ options: UnsafeMutablePointer<PQconninfoOption>?) -> [String: String] {
        guard let options else { return [:] }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var cursor = options
        while let keyword = cursor.pointee.keyword {
            if let value = cursor.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            cursor += 1
        }
        return values
    }

    subscript(_ keyword: String) -> String? { self.values[keyword] }

    /// The values of a keyword that counts per host.
    func list(_ keyword: String) -> [String] {
        guard let value = self.values[keyword], !value.isEmpty else { return [] }
        return value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
}

internal import CPostgres

/// The one owner of a libpq result.
final class PostgresResult {
    let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQclear(self.pointer)
    }

    var status: ExecStatusType { PQresultStatus(self.pointer) }

    /// Whether the server ends the connection with this error.
    var isFatal: Bool {
        guard let severity = cpostgres_severity(self.pointer) else { return false }
        return String(cString: severity) != "ERROR"
    }

    /// The error in it.
    func error(_ operation: String, statement: String?, endedConnection: Bool) -> PostgresError {
        guard let state = cpostgres_sqlstate(self.pointer) else {
            // Not the server's word but libpq's: without one the connection is gone, whatever it says.
            let text = PQresultErrorMessage(self.pointer).map { String(cString: $0) } ?? ""
            let message = text.split(separator: "\n").first.map(String.init) ?? "the connection ended"
            return PostgresError(
                .connectionLost,
                during: operation,
                message: message,
                statement: statement,
                endedConnection: true
            )
        }
        let sqlState = String(cString: state)
        return PostgresError(
            self.kind(sqlState),
            during: operation,
            message: self.message(sqlState),
            statement: statement,
            sqlState: sqlState,
            constraint: cpostgres_constraint(self.pointer).map { String(cString: $0) },
            table: cpostgres_table(self.pointer).map { String(cString: $0) },
            endedConnection: endedConnection
        )
    }

    private func kind(_ sqlState: String) -> PostgresError.Kind {
        // "Feature not supported" says nothing; the function that raised it does.
        if sqlState == "0A000", let function = cpostgres_source_function(self.pointer),
            String(cString: function) == "RevalidateCachedQuery"
        {
            return .stalePlan
        }
        return PostgresError.Kind(sqlState: sqlState)
    }

    /// Of data that does not fit (class 22), the server's message quotes the data.
    private func message(_ sqlState: String) -> String {
        let text = cpostgres_primary_message(self.pointer).map { String(cString: $0) } ?? ""
        guard sqlState.hasPrefix("22"), let quote = text.firstIndex(of: "\"") else { return text }
        return text[..<quote] + "…"
    }
}

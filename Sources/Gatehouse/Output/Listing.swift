import EnrollmentCore

/// What all lists have in common.
enum Listing {
    static func footer(_ next: String?) -> String {
        next.map { "\nMore: --after \($0)\n" } ?? ""
    }

    static func json(_ schema: String, _ name: String, _ elements: [JSONValue], next: String?) -> JSONValue {
        .object([("schema", .string(schema)), (name, .array(elements)), ("next", .optional(next))])
    }
}

extension JSONValue {
    static func time(_ moment: Timestamp?) -> JSONValue {
        .optional(moment.map { "\($0)" })
    }
}

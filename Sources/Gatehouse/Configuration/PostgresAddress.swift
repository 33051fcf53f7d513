/// Where a PostgreSQL database is, in the words of its client library: `postgresql://…` or `host=… dbname=…`.
///
/// Read only as far as the configuration has to know; the library judges the rest when it connects.
struct PostgresAddress: Hashable, Sendable {
    /// Why a text is no address; never repeats it, since it may hold a secret.
    enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        case form
        case quoting
        /// The parameter that holds a secret.
        case secret(String)

        var description: String {
            switch self {
            case .form:
                "is neither postgresql://user@host/database?name=value nor host=… dbname=… user=…"
            case .quoting: "has a quotation mark or a percent sign that does not end"
            case .secret(let name):
                "holds a secret (\(name)), which the configuration never does; put it into store.password"
            }
        }
    }

    private static let schemes = ["postgresql://", "postgres://"]
    private static let secrets = ["password", "sslpassword"]

    /// As it was given; holds no secret.
    let text: String
    /// Parameters by their names, those of the address's other parts among them: `host`, `port`, `dbname`, `user`.
    let parameters: [String: String]

    init(_ text: String) throws(Problem) {
        self.text = text
        let scheme = Self.schemes.first { text.hasPrefix($0) }
        if let scheme {
            self.parameters = try Self.address(text.dropFirst(scheme.count))
        } else {
            self.parameters = try Self.words(text)
        }
        if let secret = Self.secrets.first(where: { self.parameters[$0] != nil }) { throw .secret(secret) }
    }

    /// Every host that is tried, in their order; empty where the environment or the default decides.
    var hosts: [String] {
        (self.parameters["host"] ?? self.parameters["hostaddr"] ?? "").split(separator: ",").map(String.init)
    }

    /// Whether everything stays on this machine: sockets, and loopback addresses.
    var isLocal: Bool {
        self.hosts.allSatisfy { host in
            host.hasPrefix("/") || host.hasPrefix("@") || host.hasPrefix("127.") || ["localhost", "::1"].contains(host)
        }
    }

    // MARK: Reading

    /// Reads `user:secret@host:port,host:port/database?name=value&…`.
    private static func address(_ text: Substring) throws(Problem) -> [String: String] {
        var parameters: [String: String] = [:]
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var place = parts.first ?? ""
        if let slash = place.firstIndex(of: "/") {
            let database = place[place.index(after: slash)...]
            if !database.isEmpty { parameters["dbname"] = try self.decoded(database) }
            place = place[..<slash]
        }
        if let at = place.lastIndex(of: "@") {
            let who = place[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if let user = who.first, !user.isEmpty { parameters["user"] = try self.decoded(user) }
            if who.count > 1 { parameters["password"] = "" }
            place = place[place.index(after: at)...]
        }
        var hosts: [String] = []
        var ports: [String] = []
        for item in place.split(separator: ",") {
            let (host, port) = try self.hostAndPort(item)
            hosts.append(host)
            ports.append(port)
        }
        if !hosts.isEmpty { parameters["host"] = hosts.joined(separator: ",") }
        if ports.contains(where: { !$0.isEmpty }) { parameters["port"] = ports.joined(separator: ",") }
        for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let words = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard words.count == 2 else { throw .form }
            parameters[try self.decoded(words[0])] = try self.decoded(words[1])
        }
        return parameters
    }

    private static func hostAndPort(_ text: Substring) throws(Problem) -> (host: String, port: String) {
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw .form }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { throw .form }
            return (String(text[text.index(after: text.startIndex)..<end]), String(rest.dropFirst()))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { throw .form }
        return (try self.decoded(parts.first ?? ""), parts.count == 2 ? String(parts[1]) : "")
    }

    /// Without percent signs (RFC 3986 § 2.1).
    private static func decoded(_ text: Substring) throws(Problem) -> String {
        guard text.contains("%") else { return String(text) }
        var octets: [UInt8] = []
        var rest = text.utf8[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "%") else {
                octets.append(octet)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                throw .quoting
            }
            octets.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: octets, as: UTF8.self)
    }

    /// Reads `name = value name='value with \' and blanks' …`.
    private static func words(_ text: String) throws(Problem) -> [String: String] {
        var parameters: [String: String] = [:]
        var rest = text[...].drop(while: \.isWhitespace)
        while !rest.isEmpty {
            guard let equals = rest.firstIndex(of: "=") else { throw .form }
            let name = rest[..<equals].trimmingBlanks
            guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0 == "_") }) else { throw .form }
            rest = rest[rest.index(after: equals)...].drop(while: \.isWhitespace)
            parameters[String(name)] = try self.value(&rest)
            rest = rest.drop(while: \.isWhitespace)
        }
        guard !parameters.isEmpty else { throw .form }
        return parameters
    }

    private static func value(_ rest: inout Substring) throws(Problem) -> String {
        let isQuoted = rest.first == "'"
        if isQuoted { rest = rest.dropFirst() }
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\\":
                guard let next = rest.popFirst() else { throw .quoting }
                value.append(next)
            case "'" where isQuoted: return value
            case _ where !isQuoted && character.isWhitespace: return value
            default: value.append(character)
            }
        }
        guard !isQuoted else { throw .quoting }
        return value
    }
}

extension Substring {
    fileprivate var trimmingBlanks: Substring {
        var text = self.drop(while: \.isWhitespace)
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return text
    }
}

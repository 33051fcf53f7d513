internal import COpenSSL

/// Chooses the certificate for the name a client asks for (RFC 6066 § 3).
///
/// Exact names win over wildcards; `*.example.org` stands for one label, as in RFC 6125 § 6.4.3. A name that nobody
/// holds gets the default certificate: the client decides what to make of it.
final class ServerNameTable: Sendable {
    private let exact: [String: Int]
    private let wildcards: [String: Int]
    private let contexts: [TLSContextBox]

    /// - Parameter entries: Contexts with the names they serve, the default first; the first to claim a name has it.
    init(_ entries: [(names: [String], context: TLSContextBox)]) {
        var exact: [String: Int] = [:]
        var wildcards: [String: Int] = [:]
        for (index, entry) in entries.enumerated() {
            for name in entry.names {
                if name.hasPrefix("*.") {
                    let parent = String(name.dropFirst(2))
                    wildcards[parent] = wildcards[parent] ?? index
                } else {
                    exact[name] = exact[name] ?? index
                }
            }
        }
        self.exact = exact
        self.wildcards = wildcards
        self.contexts = entries.map(\.context)
    }

    /// The position of the certificate for `name`; 0, the default, when nobody holds it.
    func position(of name: String) -> Int {
        let name = name.lowercased()
        if let index = self.exact[name] { return index }
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return 0 }
        return self.wildcards[String(name[name.index(after: dot)...])] ?? 0
    }

    /// Points `session` at the certificate for `name`, if that is not the one it has already.
    func choose(for session: OpaquePointer, name: String) {
        let position = self.position(of: name)
        guard position > 0 else { return }
        SSL_set_SSL_CTX(session, self.contexts[position].handle.pointer)
    }
}

/// A context that can be an element of an array, which a noncopyable handle cannot.
final class TLSContextBox: Sendable {
    let handle: Handle<TLSContextObject>

    init(_ handle: consuming Handle<TLSContextObject>) {
        self.handle = handle
    }
}

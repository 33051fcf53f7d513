internal import CLDAP
internal import Glibc

/// The one owner of a libldap session.
struct LDAPHandle: ~Copyable {
    let pointer: OpaquePointer

    /// Makes a session that is not connected yet.
    init(address: String) throws(LDAPError) {
        Self.ignoreBrokenPipes
        var created: OpaquePointer?
        let status = ldap_initialize(&created, address)
        guard status == LDAP_SUCCESS, let created else {
            throw LDAPError("connect", LDAPResultCode(rawValue: status))
        }
        self.pointer = created
    }

    deinit {
        ldap_unbind_ext(self.pointer, nil, nil)
    }

    /// libldap writes with `write(2)`: a server that has gone would end this process by SIGPIPE.
    private static let ignoreBrokenPipes: Void = {
        _ = signal(SIGPIPE, SIG_IGN)
    }()

    borrowing func set(_ option: Int32, _ value: Int32) throws(LDAPError) {
        let status = withUnsafePointer(to: value) { ldap_set_option(self.pointer, option, $0) }
        guard status == LDAP_OPT_SUCCESS else { throw self.optionRefused(option) }
    }

    borrowing func set(_ option: Int32, _ value: String?) throws(LDAPError) {
        let status =
            if let value { value.withCString { ldap_set_option(self.pointer, option, $0) } } else {
                ldap_set_option(self.pointer, option, nil)
            }
        guard status == LDAP_OPT_SUCCESS else { throw self.optionRefused(option) }
    }

    borrowing func set(_ option: Int32, _ value: Duration) throws(LDAPError) {
        let status = withUnsafePointer(to: timeval(value)) { ldap_set_option(self.pointer, option, $0) }
        guard status == LDAP_OPT_SUCCESS else { throw self.optionRefused(option) }
    }

    /// Takes part in a TLS context; libldap adds a reference of its own.
    borrowing func use(_ context: TLSContext) throws(LDAPError) {
        let status = ldap_set_option(self.pointer, LDAP_OPT_X_TLS_CTX, UnsafeRawPointer(context.pointer))
        guard status == LDAP_OPT_SUCCESS else { throw self.optionRefused(LDAP_OPT_X_TLS_CTX) }
    }

    /// Sets an on/off option; libldap only compares the pointer with null, which is its "off".
    borrowing func set(_ option: Int32, isOn: Bool) throws(LDAPError) {
        let status = withUnsafePointer(to: 1) { ldap_set_option(self.pointer, option, isOn ? $0 : nil) }
        guard status == LDAP_OPT_SUCCESS else { throw self.optionRefused(option) }
    }

    /// The socket's descriptor once connected.
    borrowing func descriptor() -> Int32? {
        var descriptor: Int32 = -1
        let status = ldap_get_option(self.pointer, LDAP_OPT_DESC, &descriptor)
        return status == LDAP_OPT_SUCCESS && descriptor >= 0 ? descriptor : nil
    }

    /// The failure libldap noted last.
    borrowing func failure(_ operation: String) -> LDAPError {
        var code: Int32 = 0
        ldap_get_option(self.pointer, LDAP_OPT_RESULT_CODE, &code)
        return self.failure(operation, LDAPResultCode(rawValue: code == LDAP_SUCCESS ? LDAP_SERVER_DOWN : code))
    }

    /// A failure with the text libldap noted for it.
    borrowing func failure(_ operation: String, _ code: LDAPResultCode) -> LDAPError {
        var text: UnsafeMutablePointer<CChar>?
        ldap_get_option(self.pointer, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text)
        defer { ldap_memfree(text) }
        return LDAPError(operation, code, diagnostic: text.map { String(cString: $0) } ?? "")
    }

    private borrowing func optionRefused(_ option: Int32) -> LDAPError {
        self.failure("set option 0x\(String(option, radix: 16))", .invalidArgument)
    }
}

extension timeval {
    /// The duration in whole microseconds, never negative.
    init(_ duration: Duration) {
        let parts = max(duration, .zero).components
        self.init(tv_sec: Int(parts.seconds), tv_usec: Int(parts.attoseconds / 1_000_000_000_000))
    }
}

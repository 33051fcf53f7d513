internal import CLDAP

/// The messages that answer one request: released on every path out.
struct LDAPMessage: ~Copyable {
    /// What the last message of an answer says.
    struct Outcome {
        let code: LDAPResultCode
        let diagnostic: String
        /// What a password policy control (draft-behera-ldap-password-policy § 6.2) said about the account.
        let condition: AccountCondition?
    }

    private let chain: OpaquePointer

    init(adopting chain: OpaquePointer) {
        self.chain = chain
    }

    deinit {
        ldap_msgfree(self.chain)
    }

    /// Reads result code, diagnostic text and controls of the final message.
    borrowing func outcome(on session: OpaquePointer, of operation: String) throws(LDAPError) -> Outcome {
        var code: Int32 = 0
        var text: UnsafeMutablePointer<CChar>?
        var controls: UnsafeMutablePointer<UnsafeMutablePointer<LDAPControl>?>?
        let status = ldap_parse_result(session, self.chain, &code, nil, &text, nil, &controls, 0)
        defer {
            ldap_memfree(text)
            ldap_controls_free(controls)
        }
        guard status == LDAP_SUCCESS else { throw LDAPError(operation, LDAPResultCode(rawValue: status)) }
        return Outcome(
            code: LDAPResultCode(rawValue: code),
            diagnostic: text.map { String(cString: $0) } ?? "",
            condition: Self.condition(in: controls, on: session)
        )
    }

    private static func condition(
        in controls: UnsafeMutablePointer<UnsafeMutablePointer<LDAPControl>?>?,
        on session: OpaquePointer
    ) -> AccountCondition? {
        guard let found = ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE, controls, nil) else { return nil }
        var secondsLeft: ber_int_t = 0
        var graceLogins: ber_int_t = 0
        var policy = PP_noError
        guard
            ldap_parse_passwordpolicy_control(session, found, &secondsLeft, &graceLogins, &policy) == LDAP_SUCCESS
        else { return nil }
        return switch policy {
        case PP_passwordExpired: .passwordExpired
        case PP_accountLocked: .locked
        case PP_changeAfterReset: .mustChangePassword
        default: nil
        }
    }

    /// Copies the entries out; search references are passed over.
    borrowing func entries(on session: OpaquePointer) throws(LDAPError) -> [LDAPEntry] {
        var entries: [LDAPEntry] = []
        var next = ldap_first_entry(session, self.chain)
        while let entry = next {
            entries.append(try Self.entry(entry, on: session))
            next = ldap_next_entry(session, entry)
        }
        return entries
    }

    /// Reads one entry through the calls that point into the message instead of copying each name and value.
    private static func entry(_ entry: OpaquePointer, on session: OpaquePointer) throws(LDAPError) -> LDAPEntry {
        var cursor: OpaquePointer?
        var name = berval()
        guard ldap_get_dn_ber(session, entry, &cursor, &name) == LDAP_SUCCESS, let cursor else {
            throw LDAPError("search", LDAPResultCode(rawValue: LDAP_DECODING_ERROR))
        }
        defer { ber_free(cursor, 0) }
        var attributes: [(name: String, values: [[UInt8]])] = []
        while true {
            var type = berval()
            var values: UnsafeMutablePointer<berval>?
            let status = ldap_get_attribute_ber(session, entry, cursor, &type, &values)
            defer { ber_memfree(values) }
            guard status == LDAP_SUCCESS else {
                throw LDAPError("search", LDAPResultCode(rawValue: LDAP_DECODING_ERROR))
            }
            guard type.bv_val != nil else { break }
            attributes.append((Self.text(type), Self.values(values)))
        }
        return LDAPEntry(name: Self.text(name), attributes: attributes)
    }

    private static func values(_ first: UnsafeMutablePointer<berval>?) -> [[UInt8]] {
        guard var value = first else { return [] }
        var values: [[UInt8]] = []
        while value.pointee.bv_val != nil {
            values.append(Array(Self.octets(value.pointee)))
            value += 1
        }
        return values
    }

    private static func text(_ value: berval) -> String {
        String(decoding: Self.octets(value), as: UTF8.self)
    }

    private static func octets(_ value: berval) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: value.bv_val, count: Int(value.bv_len))
    }
}

internal import CLDAP
internal import Glibc

/// One connection to one directory server, used by one thread at a time.
///
/// Every call blocks, but never past the deadline it is given: operations are sent without waiting and their results
/// polled for. Run it where blocking is allowed. It is not `Sendable`; an actor keeps it. Referrals are not followed.
///
/// The first connection of a process makes it ignore SIGPIPE, which libldap would otherwise raise when a server goes.
public final class LDAPConnection {
    let handle: LDAPHandle

    /// Connects, and protects the connection as `endpoint` says.
    ///
    /// The certificate must chain to the given trust anchors and carry the host name, or nothing is sent. Looking up the
    /// host's address is the one step whose time the system's resolver bounds.
    ///
    /// - Throws: ``LDAPError``: ``LDAPResultCode/serverDown`` when nothing answers, ``LDAPResultCode/connectError`` when
    ///   TLS is refused, ``LDAPResultCode/timedOut``.
    public init(to endpoint: LDAPEndpoint, before deadline: ContinuousClock.Instant) throws(LDAPError) {
        let end = min(deadline, .now + endpoint.connectTimeout)
        try Self.refuseLate(end, "connect")
        self.handle = try LDAPHandle(address: "ldap://\(endpoint.host):\(endpoint.port)")
        try Self.configure(self.handle, for: endpoint, wait: ContinuousClock.now.duration(to: end))
        let status = ldap_connect(self.handle.pointer)
        guard status == LDAP_SUCCESS else {
            throw self.handle.failure("connect", LDAPResultCode(rawValue: status))
        }
        switch endpoint.security {
        case .plaintextPasswords: break
        case .tls(let caFile):
            try self.installTLS("connect", endpoint, caFile, before: end)
        case .startTLS(let caFile):
            try self.askForTLS(before: end)
            try self.installTLS("start TLS", endpoint, caFile, before: end)
        }
        try self.limitSocketWaits(to: endpoint.connectTimeout)
    }

    private static func configure(
        _ handle: borrowing LDAPHandle,
        for endpoint: LDAPEndpoint,
        wait: Duration
    ) throws(LDAPError) {
        try handle.set(LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3)
        try handle.set(LDAP_OPT_REFERRALS, isOn: false)
        try handle.set(LDAP_OPT_RESTART, isOn: true)
        try handle.set(LDAP_OPT_DEREF, LDAP_DEREF_NEVER)
        try handle.set(LDAP_OPT_NETWORK_TIMEOUT, wait)
        try handle.set(LDAP_OPT_TIMEOUT, wait)
        switch endpoint.security {
        case .plaintextPasswords: break
        case .tls(let caFile), .startTLS(let caFile): try Self.demandCertificate(handle, caFile: caFile)
        }
    }

    /// Bounds each read and write, so that a peer that stops in the middle of a TLS record cannot hold the thread.
    private func limitSocketWaits(to wait: Duration) throws(LDAPError) {
        guard let descriptor = self.handle.descriptor() else { throw self.handle.failure("connect") }
        var limit = timeval(wait)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    /// Proves `password` for `name` (RFC 4513 § 5.1.3).
    ///
    /// An empty password asks the server for an anonymous bind and *succeeds*; an empty name does too. Both are refused
    /// here, before the wire.
    ///
    /// - Returns: A condition that the server attached to a *successful* bind: the password must be changed first.
    /// - Throws: ``LDAPError``; ``LDAPResultCode/invalidCredentials`` for a wrong password, with
    ///   ``LDAPError/condition`` where the server tells more.
    @discardableResult
    public func bind(
        as name: String,
        password: String,
        before deadline: ContinuousClock.Instant
    ) throws(LDAPError) -> AccountCondition? {
        guard !password.isEmpty, !name.isEmpty else {
            throw LDAPError("bind", .invalidCredentials, diagnostic: "an empty name or password is never sent")
        }
        let identifier = try self.sendBind(name, password, before: deadline)
        let outcome = try self.answer(to: identifier, "bind", before: deadline)
            .outcome(on: self.handle.pointer, of: "bind")
        guard outcome.code == .success else {
            throw LDAPError("bind", outcome.code, diagnostic: outcome.diagnostic, condition: outcome.condition)
        }
        return outcome.condition
    }

    private func sendBind(
        _ name: String,
        _ password: String,
        before deadline: ContinuousClock.Instant
    ) throws(LDAPError) -> Int32 {
        try Self.refuseNUL(in: name, "bind")
        try Self.refuseLate(deadline, "bind")
        var identifier: Int32 = 0
        var secret = password
        // The string's own storage goes to the library: there is no copy of ours to erase afterwards.
        let sent = secret.withUTF8 { octets in
            octets.withMemoryRebound(to: CChar.self) { characters in
                var credential = berval(
                    bv_len: ber_len_t(characters.count),
                    bv_val: UnsafeMutablePointer(mutating: characters.baseAddress)
                )
                return LDAP_CONTROL_PASSWORDPOLICYREQUEST.withCString { oid in
                    var control = LDAPControl()
                    control.ldctl_oid = UnsafeMutablePointer(mutating: oid)
                    return withUnsafeMutablePointer(to: &control) { control in
                        var controls: [UnsafeMutablePointer<LDAPControl>?] = [control, nil]
                        return ldap_sasl_bind(
                            self.handle.pointer,
                            name,
                            nil,
                            &credential,
                            &controls,
                            nil,
                            &identifier
                        )
                    }
                }
            }
        }
        guard sent == LDAP_SUCCESS else { throw self.handle.failure("bind", LDAPResultCode(rawValue: sent)) }
        return identifier
    }

    /// Whether the server has closed the connection, or said something unasked, since the last operation.
    ///
    /// Costs one system call and sends nothing; `false` is no promise that the next operation gets through.
    public var isStale: Bool {
        guard let descriptor = self.handle.descriptor() else { return true }
        var query = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&query, 1, 0) != 0
    }

    /// Waits for the whole answer; a request that is not answered in time is abandoned (RFC 4511 § 4.11).
    func answer(
        to identifier: Int32,
        _ operation: String,
        before deadline: ContinuousClock.Instant
    ) throws(LDAPError) -> LDAPMessage {
        var limit = timeval(ContinuousClock.now.duration(to: deadline))
        var chain: OpaquePointer?
        let kind = ldap_result(self.handle.pointer, identifier, LDAP_MSG_ALL, &limit, &chain)
        if let chain { return LDAPMessage(adopting: chain) }
        guard kind == 0 else { throw self.handle.failure(operation) }
        ldap_abandon_ext(self.handle.pointer, identifier, nil, nil)
        throw LDAPError(operation, .timedOut)
    }

    /// libldap takes C strings, which would end at the NUL and name something else.
    static func refuseNUL(in text: String, _ operation: String) throws(LDAPError) {
        guard !text.utf8.contains(0) else {
            throw LDAPError(operation, .invalidArgument, diagnostic: "a name holds a NUL")
        }
    }

    static func refuseLate(_ deadline: ContinuousClock.Instant, _ operation: String) throws(LDAPError) {
        guard ContinuousClock.now < deadline else { throw LDAPError(operation, .timedOut) }
    }
}

@available(*, unavailable, message: "a libldap session serves one thread at a time")
extension LDAPConnection: Sendable {}

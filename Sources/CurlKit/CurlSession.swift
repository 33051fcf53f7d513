internal import CCurl

/// Asks HTTP servers, one request after the other, blocking until each answer is complete.
///
/// Not for two threads at once, which is why it is not `Sendable`; and not for a thread of the cooperative pool, because
/// it blocks. HTTP/1.1 only; redirects are reported, never followed.
public final class CurlSession {
    /// Once per process, before anything else of libcurl.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private let handle: UnsafeMutableRawPointer
    private let maximumResponseSize: Int
    /// libcurl reads this list whenever it connects, so it lives as long as the handle.
    private let resolve: HeaderList
    /// libcurl reads it whenever it connects, and makes no copy that nobody would wipe.
    private let privateKey: SecretBlob?

    deinit {
        curl_easy_cleanup(self.handle)
    }

    /// - Throws: ``CurlError`` when an option is not one libcurl takes.
    public init(_ options: CurlOptions = CurlOptions()) throws(CurlError) {
        self.maximumResponseSize = options.maximumResponseSize
        self.resolve = try HeaderList(options.resolve)
        self.privateKey = options.clientCertificate?.privateKey
        guard Self.isReady, let handle = curl_easy_init() else {
            throw CurlError(CURLE_FAILED_INIT, detail: "")
        }
        self.handle = handle
        try self.applyTransport(options)
        try self.applyTrust(options)
    }

    private func applyTransport(_ options: CurlOptions) throws(CurlError) {
        // Signals belong to the process, not to one of its threads.
        try self.set(CURLOPT_NOSIGNAL, 1)
        try self.set(CURLOPT_PROTOCOLS_STR, "http,https")
        try self.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        try self.set(CURLOPT_FOLLOWLOCATION, 0)
        try self.set(CURLOPT_TCP_NODELAY, 1)
        try self.set(CURLOPT_CONNECTTIMEOUT_MS, options.connectTimeout)
        try self.set(CURLOPT_TIMEOUT_MS, options.timeout)
        // An empty name also switches off what the environment says.
        try self.set(CURLOPT_PROXY, options.proxy ?? "")
        try Self.check(ccurl_set_list(self.handle, CURLOPT_RESOLVE, self.resolve.pointer))
        if options.connections == .newPerRequest {
            try self.set(CURLOPT_FRESH_CONNECT, 1)
            try self.set(CURLOPT_FORBID_REUSE, 1)
            try self.set(CURLOPT_SSL_SESSIONID_CACHE, 0)
        }
    }

    private func applyTrust(_ options: CurlOptions) throws(CurlError) {
        try self.set(CURLOPT_SSL_VERIFYPEER, options.verifiesServer ? 1 : 0)
        try self.set(CURLOPT_SSL_VERIFYHOST, options.verifiesServer ? 2 : 0)
        switch options.minimumTLSVersion {
        case .tls12: try self.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        case .tls13: try self.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_3)
        }
        if let authorities = options.trustedAuthorities {
            try self.set(CURLOPT_CAINFO_BLOB, authorities)
            // Debian's libcurl would trust the system's folder of authorities besides.
            try Self.check(ccurl_set_string(self.handle, CURLOPT_CAPATH, nil))
        }
        if let client = options.clientCertificate {
            try self.set(CURLOPT_SSLCERT_BLOB, client.certificates)
            let key = client.privateKey.octets
            try Self.check(ccurl_lend_blob(self.handle, CURLOPT_SSLKEY_BLOB, key.baseAddress, key.count))
        }
    }

    /// Sends `request` and waits for its answer.
    ///
    /// - Returns: The answer, whatever its status says.
    /// - Throws: ``CurlError`` when there is no complete answer.
    public func perform(_ request: CurlRequest) throws(CurlError) -> CurlResponse {
        // `Expect: 100-continue` would cost a round trip per body; an empty value removes it.
        let headers = try HeaderList(request.headers.map { "\($0.name): \($0.value)" } + ["Expect:"])
        try self.set(CURLOPT_URL, request.url)
        try self.set(request.method == .get ? CURLOPT_HTTPGET : CURLOPT_POST, 1)
        try Self.check(ccurl_set_list(self.handle, CURLOPT_HTTPHEADER, headers.pointer))
        let collector = AnswerCollector(limit: self.maximumResponseSize)
        let (status, words) = self.run(request, into: collector)
        // The list ends with this call, the handle does not.
        try Self.check(ccurl_set_list(self.handle, CURLOPT_HTTPHEADER, nil))
        guard !collector.isTooLarge else {
            throw CurlError(.tooLarge, code: Int(status.rawValue), "the answer is larger than allowed")
        }
        guard status == CURLE_OK else { throw CurlError(status, detail: words) }
        return self.response(from: collector)
    }

    private func run(_ request: CurlRequest, into collector: AnswerCollector) -> (CURLcode, String) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CURL_ERROR_SIZE)) { words in
            words.initialize(repeating: 0)
            let status = request.body.withUnsafeBytes { body in
                withExtendedLifetime(collector) { collector in
                    ccurl_set_error_buffer(self.handle, words.baseAddress)
                    if request.method == .post { ccurl_set_body(self.handle, body.baseAddress, body.count) }
                    ccurl_set_receivers(
                        self.handle,
                        AnswerCollector.headReceiver,
                        AnswerCollector.bodyReceiver,
                        Unmanaged.passUnretained(collector).toOpaque()
                    )
                    return curl_easy_perform(self.handle)
                }
            }
            ccurl_set_error_buffer(self.handle, nil)
            let text = words.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            return (status, String(decoding: text, as: UTF8.self))
        }
    }

    private func response(from collector: AnswerCollector) -> CurlResponse {
        CurlResponse(
            status: ccurl_get_long(self.handle, CURLINFO_RESPONSE_CODE),
            headers: collector.headers,
            body: collector.body,
            timings: CurlResponse.Timings(
                connected: Int(ccurl_get_offset(self.handle, CURLINFO_CONNECT_TIME_T)),
                secured: Int(ccurl_get_offset(self.handle, CURLINFO_APPCONNECT_TIME_T)),
                total: Int(ccurl_get_offset(self.handle, CURLINFO_TOTAL_TIME_T))
            ),
            openedConnection: ccurl_get_long(self.handle, CURLINFO_NUM_CONNECTS) > 0,
            verifyResult: ccurl_get_long(self.handle, CURLINFO_SSL_VERIFYRESULT)
        )
    }

    private func set(_ option: CURLoption, _ value: Int) throws(CurlError) {
        try Self.check(ccurl_set_long(self.handle, option, value))
    }

    private func set(_ option: CURLoption, _ value: String) throws(CurlError) {
        guard !value.utf8.contains(0) else { throw CurlError(.unusableAddress, "an address holds a NUL") }
        try Self.check(ccurl_set_string(self.handle, option, value))
    }

    private func set(_ option: CURLoption, _ value: [UInt8]) throws(CurlError) {
        try Self.check(value.withUnsafeBytes { ccurl_set_blob(self.handle, option, $0.baseAddress, $0.count) })
    }

    private static func check(_ status: CURLcode) throws(CurlError) {
        guard status == CURLE_OK else { throw CurlError(status, detail: "") }
    }
}

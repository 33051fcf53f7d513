internal import CCurl
internal import Glibc

/// The owner of a `CURL *`: one request at a time, all with the same options.
final class EasyHandle {
    /// Once per process, before anything else of libcurl.
    static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    let pointer: UnsafeMutableRawPointer
    private let options: CurlOptions
    /// libcurl reads this list whenever it connects, so it lives as long as the handle.
    private let resolve: HeaderList
    /// libcurl reads it whenever it connects, and makes no copy that nobody would wipe.
    private let privateKey: SecretBlob?
    private let opener: SocketOpener?
    /// Where libcurl writes what went wrong.
    private let words: UnsafeMutableBufferPointer<CChar>
    /// Of the request that runs; libcurl makes no copy.
    private var headers: HeaderList?
    private var collector: AnswerCollector?

    deinit {
        curl_easy_cleanup(self.pointer)
        self.words.deallocate()
    }

    /// - Throws: ``CurlError`` when an option is not one libcurl takes.
    init(_ options: CurlOptions) throws(CurlError) {
        self.options = options
        self.resolve = try HeaderList(options.resolve)
        self.privateKey = options.clientCertificate?.privateKey
        self.opener = options.addressGuard.map(SocketOpener.init)
        guard Self.isReady, let pointer = curl_easy_init() else { throw CurlError(CURLE_FAILED_INIT, detail: "") }
        self.pointer = pointer
        self.words = .allocate(capacity: Int(CURL_ERROR_SIZE))
        self.words.initialize(repeating: 0)
        try self.applyTransport(options)
        try self.applyTrust(options)
        try Self.check(ccurl_set_error_buffer(pointer, self.words.baseAddress))
        if let opener = self.opener {
            try Self.check(
                ccurl_set_opener(pointer, SocketOpener.callback, Unmanaged.passUnretained(opener).toOpaque())
            )
        }
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
        // Otherwise the thread of all requests waits for a resolver that does not answer, beyond every limit set here.
        try self.set(CURLOPT_QUICK_EXIT, 1)
        // Empty texts also switch off what the environment says: its proxy, and whom to reach without one.
        try self.set(CURLOPT_PROXY, options.proxy ?? "")
        try self.set(CURLOPT_NOPROXY, "")
        try Self.check(ccurl_set_list(self.pointer, CURLOPT_RESOLVE, self.resolve.pointer))
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
            try Self.check(ccurl_set_string(self.pointer, CURLOPT_CAPATH, nil))
        }
        if let client = options.clientCertificate {
            try self.set(CURLOPT_SSLCERT_BLOB, client.certificates)
            let key = client.privateKey.octets
            try Self.check(ccurl_lend_blob(self.pointer, CURLOPT_SSLKEY_BLOB, key.baseAddress, key.count))
        }
    }

    /// Makes the handle ready for `request`; once that has run, ``end(_:)`` says what came of it.
    func begin(_ request: CurlRequest) throws(CurlError) {
        // `Expect: 100-continue` would cost a round trip per body; an empty value removes it.
        let headers = try HeaderList(request.headers.map { "\($0.name): \($0.value)" } + ["Expect:"])
        try self.set(CURLOPT_URL, request.url)
        try self.set(request.method == .get ? CURLOPT_HTTPGET : CURLOPT_POST, 1)
        if request.method == .post {
            try Self.check(
                request.body.withUnsafeBytes { ccurl_copy_body(self.pointer, $0.baseAddress, $0.count) }
            )
        }
        try Self.check(ccurl_set_list(self.pointer, CURLOPT_HTTPHEADER, headers.pointer))
        self.headers = consume headers
        let collector = AnswerCollector(
            limit: self.options.maximumResponseSize,
            cuts: self.options.cutsLargeResponses,
            descriptor: self.options.bodyDescriptor
        )
        self.collector = collector
        try Self.check(
            ccurl_set_receivers(
                self.pointer,
                AnswerCollector.headReceiver,
                AnswerCollector.bodyReceiver,
                Unmanaged.passUnretained(collector).toOpaque()
            )
        )
        self.words[0] = 0
        self.opener?.forget()
    }

    /// Takes the answer, and lets go of the request.
    func end(_ status: CURLcode) -> Result<CurlResponse, CurlError> {
        let collector = self.collector ?? AnswerCollector(limit: 0, cuts: false)
        let result = self.outcome(status, collector)
        self.forget()
        return result
    }

    /// Lets go of the request, whatever came of it.
    func forget() {
        // Neither is read again before the next request sets its own.
        ccurl_set_list(self.pointer, CURLOPT_HTTPHEADER, nil)
        ccurl_drop_body(self.pointer)
        self.headers = nil
        self.collector = nil
    }

    private func outcome(_ status: CURLcode, _ collector: AnswerCollector) -> Result<CurlResponse, CurlError> {
        guard !collector.isTooLarge else {
            let words = "the answer is larger than allowed"
            return .failure(CurlError(.tooLarge, code: Int(status.rawValue), words))
        }
        if let failure = collector.writingFailure {
            let words = "the answer could not be written: \(String(cString: strerror(failure)))"
            return .failure(CurlError(.other, words))
        }
        guard status == CURLE_OK || collector.isCut else {
            if status == CURLE_COULDNT_CONNECT, let refused = self.opener?.refused, !refused.isEmpty {
                let words = "not allowed to connect to \(refused.joined(separator: ", "))"
                return .failure(CurlError(.forbiddenAddress, code: Int(status.rawValue), words))
            }
            let text = self.words.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            return .failure(CurlError(status, detail: String(decoding: text, as: UTF8.self)))
        }
        return .success(self.response(from: collector))
    }

    private func response(from collector: AnswerCollector) -> CurlResponse {
        CurlResponse(
            status: ccurl_get_long(self.pointer, CURLINFO_RESPONSE_CODE),
            headers: collector.headers,
            body: collector.body,
            isCut: collector.isCut,
            timings: CurlResponse.Timings(
                connected: Int(ccurl_get_offset(self.pointer, CURLINFO_CONNECT_TIME_T)),
                secured: Int(ccurl_get_offset(self.pointer, CURLINFO_APPCONNECT_TIME_T)),
                total: Int(ccurl_get_offset(self.pointer, CURLINFO_TOTAL_TIME_T))
            ),
            openedConnection: ccurl_get_long(self.pointer, CURLINFO_NUM_CONNECTS) > 0,
            verifyResult: ccurl_get_long(self.pointer, CURLINFO_SSL_VERIFYRESULT)
        )
    }

    private func set(_ option: CURLoption, _ value: Int) throws(CurlError) {
        try Self.check(ccurl_set_long(self.pointer, option, value))
    }

    private func set(_ option: CURLoption, _ value: String) throws(CurlError) {
        guard !value.utf8.contains(0) else { throw CurlError(.unusableAddress, "an address holds a NUL") }
        try Self.check(ccurl_set_string(self.pointer, option, value))
    }

    private func set(_ option: CURLoption, _ value: [UInt8]) throws(CurlError) {
        try Self.check(value.withUnsafeBytes { ccurl_set_blob(self.pointer, option, $0.baseAddress, $0.count) })
    }

    private static func check(_ status: CURLcode) throws(CurlError) {
        guard status == CURLE_OK else { throw CurlError(status, detail: "") }
    }
}

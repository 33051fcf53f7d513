internal import CCurl

/// Why a request got no answer.
public struct CurlError: Error, Hashable, Sendable {
    /// What went wrong, as far as a caller can act on it.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The address is not one that can be asked: no or unknown scheme, or not an address at all.
        case unusableAddress
        /// The host name, or the proxy's, has no address.
        case cannotResolve
        /// Nothing answers there: refused, unreachable, or not within the time to connect.
        case cannotConnect
        /// The time limit passed; also a connect time limit that ran out.
        case timedOut
        /// The server's certificate does not lead to a trusted authority, or names another host.
        case untrustedServer
        /// TLS could not be agreed upon for another reason.
        case tlsFailed
        /// The client certificate, its key or the trusted authorities given cannot be used.
        case unusableCredential
        /// The answer is larger than the session allows.
        case tooLarge
        /// The server closed the connection, or answered with something that is not HTTP.
        case brokenAnswer
        /// The address guard refuses every address that could be connected to.
        case forbiddenAddress
        /// Nobody waits for the answer any more.
        case cancelled
        case other
    }

    public let kind: Kind
    /// libcurl's number for it, see `libcurl-errors(3)`; 0 when libcurl was not asked.
    public let code: Int
    /// libcurl's own words: host names and reasons, never a body, a header or a key.
    ///
    /// At most 256 characters.
    public let message: String

    init(_ kind: Kind, code: Int = 0, _ message: String) {
        self.kind = kind
        self.code = code
        self.message = String(message.prefix(256))
    }

    init(_ status: CURLcode, detail: String) {
        let words = detail.isEmpty ? String(cString: curl_easy_strerror(status)) : detail
        self.init(Self.kind(of: status), code: Int(status.rawValue), words)
    }

    private static func kind(of status: CURLcode) -> Kind {
        switch status {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .unusableAddress
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .cannotResolve
        case CURLE_COULDNT_CONNECT: .cannotConnect
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR: .untrustedServer
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER: .tlsFailed
        case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE: .unusableCredential
        case CURLE_FILESIZE_EXCEEDED: .tooLarge
        case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_WEIRD_SERVER_REPLY:
            .brokenAnswer
        default: .other
        }
    }
}

extension CurlError: CustomStringConvertible {
    public var description: String { "\(self.kind.rawValue): \(self.message)" }
}

/// One request to one address.
public struct CurlRequest: Sendable {
    public enum Method: String, Hashable, Sendable {
        case get = "GET"
        case post = "POST"
    }

    public let method: Method
    /// An absolute `http` or `https` address.
    public let url: String
    /// Sent in this order, beside `Host` and `Content-Length`, which libcurl writes.
    public let headers: [CurlHeader]
    /// Sent with ``Method/post`` only.
    public let body: [UInt8]

    /// Asks for `url`.
    public static func get(_ url: String, headers: [CurlHeader] = []) -> CurlRequest {
        CurlRequest(method: .get, url: url, headers: headers, body: [])
    }

    /// Sends `body` to `url`; an empty body is sent as such, with a `Content-Length` of 0.
    public static func post(_ url: String, headers: [CurlHeader], body: [UInt8]) -> CurlRequest {
        CurlRequest(method: .post, url: url, headers: headers, body: body)
    }
}

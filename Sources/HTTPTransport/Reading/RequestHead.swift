/// A request before its body, checked: what it wants and how it is framed.
package struct RequestHead: Sendable {
    package let method: HTTPMethod
    package let path: String
    package let query: String?
    /// Where in ``path``, in octets, the first slash is that came as `%2F`; `nil` when none did.
    package let firstEncodedSlash: Int?
    package let headers: HTTPHeaders
    /// Octets of the body that follows; 0 when none does.
    package let bodyLength: Int
    /// The client waits for `100 Continue` before it sends the body.
    package let expectsContinue: Bool
    /// The connection may serve another request after this one.
    package let keepsAlive: Bool
}

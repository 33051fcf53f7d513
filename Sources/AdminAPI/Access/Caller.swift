package import EnrollmentCore

/// Who makes a request, and what for they may.
package struct Caller: Hashable, Sendable {
    /// For logs and records: `token mdm-sync` or `client mdm-1`.
    package let name: String
    /// The token's id, to note that it was used; `nil` for a client certificate.
    package let tokenID: String?
    package let scopes: Set<APIScope>

    package init(name: String, tokenID: String?, scopes: Set<APIScope>) {
        self.name = name
        self.tokenID = tokenID
        self.scopes = scopes
    }
}

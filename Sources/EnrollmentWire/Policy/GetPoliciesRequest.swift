internal import EnrollmentCore
internal import XMLKit

/// A device's question for the policy ([MS-XCEP] § 3.1.4.1.1).
///
/// Every device gets the same complete answer, so `lastUpdate`, `preferredLanguage`, the filter and the TPM elements that
/// Windows 11 appends are tolerated and unused.
struct GetPoliciesRequest: Sendable {
    /// - Throws: ``EnrollmentError`` with code `messageFormat` when the `client` element is not there once.
    init(_ body: XMLElement) throws(EnrollmentError) {
        _ = try body.required("client", in: Namespace.policy)
    }
}

/// How a device may prove its user, by the words of [MS-MDE2] § 3.1.4.1.3.1.
package enum AuthPolicy: String, Hashable, Sendable, CaseIterable {
    case onPremise = "OnPremise"
    case federated = "Federated"
    case certificate = "Certificate"
}

/// What the policy answer tells a device about the key it is to make ([MS-MDE2] § 3.3.4.1.1.2).
package struct PolicySettings: Hashable, Sendable {
    /// A GUID in braces that stays the same from answer to answer; clients look policies up by it.
    package let policyID: String
    /// Shown by the client.
    package let friendlyName: String
    /// RSA modulus bits.
    package let minimalKeyLength: Int
    /// Tried in this order; the platform provider keeps keys in the TPM where there is one.
    package let cryptoProviders: [String]
    /// In seconds; the authority, not this answer, fixes the real validity.
    package let validityPeriod: Int64
    /// Seconds before the end.
    package let renewalPeriod: Int64

    package init(
        policyID: String,
        friendlyName: String = "Device enrollment",
        minimalKeyLength: Int = 2048,
        cryptoProviders: [String] = [
            "Microsoft Platform Crypto Provider", "Microsoft Software Key Storage Provider",
        ],
        validityPeriod: Int64 = 365 * 86_400,
        renewalPeriod: Int64 = 60 * 86_400
    ) {
        self.policyID = policyID
        self.friendlyName = friendlyName
        self.minimalKeyLength = minimalKeyLength
        self.cryptoProviders = cryptoProviders
        self.validityPeriod = validityPeriod
        self.renewalPeriod = renewalPeriod
    }
}

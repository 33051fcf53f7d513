/// Every management account that a device may be given, by provider id.
package struct ManagementAccounts: Hashable, Sendable {
    /// Of whoever no rule sends elsewhere, and of devices from before there was more than one.
    package let standard: ManagementSettings
    /// The standard account first, then the others in the order of the configuration.
    package let all: [ManagementSettings]

    /// - Parameters:
    ///   - standard: The account that the configuration names first.
    ///   - others: Accounts that rules may choose; each with a provider id of its own.
    package init(_ standard: ManagementSettings, others: [ManagementSettings] = []) {
        self.standard = standard
        self.all = [standard] + others
    }

    /// The account of a provider id; an empty one names the standard account.
    ///
    /// - Returns: `nil` when the configuration has it no longer.
    package func account(_ providerID: String) -> ManagementSettings? {
        providerID.isEmpty ? self.standard : self.all.first { $0.providerID == providerID }
    }

    /// The name by which a device knows the account that it was recorded with.
    func providerID(recorded: String) -> String {
        recorded.isEmpty ? self.standard.providerID : recorded
    }
}

/// A setting that all replicas have in common: two that went by different values would answer the same device
/// differently.
package struct AgreedSetting: Hashable, Sendable {
    /// The path in the configuration, such as `deviceLimit.default`.
    package let name: String
    /// In words that an operator can compare with a configuration, or a digest of what is longer.
    package let value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

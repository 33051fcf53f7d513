/// The authorities that a device is known to have, as its row holds them: their ids in order, a blank between them.
///
/// Ids have no blanks. Devices that know the same have the same text, so that few texts stand for a whole fleet.
enum TrustedSet {
    static func encode(_ issuers: Set<String>) -> String { issuers.sorted().joined(separator: " ") }

    static func decode(_ text: String) -> Set<String> {
        var issuers: Set<String> = []
        for id in text.split(separator: " ") { issuers.insert(String(id)) }
        return issuers
    }
}

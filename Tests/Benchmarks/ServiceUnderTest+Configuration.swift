internal import EnrollmentTestKit

extension ServiceUnderTest {
    /// What the configuration says about the store.
    static func section(_ store: Store) -> String {
        switch store {
        case .sqlite: #"kind: "sqlite", path: "gatehouse.db""#
        case .postgres(let database):
            #"kind: "postgres", url: "\#(database.connectionString)", password: { file: "store.password" }"#
        }
    }

    /// The text of a configuration with these listeners and this store.
    func configuration(_ slapd: Slapd, listeners: String, store: String, handOff: String) -> String {
        """
        {
            urls: { device: "https://localhost:\(self.port)", pki: "http://localhost:\(self.plainPort)" },
            listeners: {
        \(listeners)
            },
            store: { \(store) },
            keys: { passphrase: { file: "passphrase" } },
            authority: { profiles: "profiles", crlShards: \(self.shards) },
            directory: {
                servers: ["\(slapd.tlsURL)"], security: "tls", caFile: "\(slapd.caFile)", base: "\(slapd.base)",
                serviceAccount: { name: "\(slapd.serviceName)", password: { file: "service.password" } },
            },
            admission: { groups: [] },
            // Longer than certificates live: each may be renewed at once.
            renewal: { windowDays: 1096, triesPerDay: 100000 },
            deviceLimit: { default: 100000, staleAfterDays: 90 },
            discovery: { default: "on-premise", domains: {} },
            \(handOff)
            management: { providerId: "Gatehouse", name: "Bench", address: "https://localhost:9443/omadm" },
        }
        """
    }
}

import OpenSSLKit

/// Foundings that tests share as long as they only issue with them: some kinds of key take seconds to make.
actor SharedFoundings {
    static let all = SharedFoundings()

    private var made: [[KeyType]: Task<Founding, any Error>] = [:]

    func founding(
        root: KeyType = .ecdsaP256,
        issuer: KeyType = .ecdsaP256,
        server: KeyType = .ecdsaP256
    ) async throws -> Founding {
        let keys = [root, issuer, server]
        let task = self.made[keys] ?? Task { try await Founding(root: root, issuer: issuer, server: server) }
        self.made[keys] = task
        return try await task.value
    }
}

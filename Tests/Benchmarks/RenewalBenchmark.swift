internal import Authority
internal import EnrollmentTestKit
internal import OpenSSLKit

/// Reading and proving a signed renewal request: two signatures checked, one of each key.
func renewalBenchmark(_ bench: Bench) async throws {
    for (word, type) in [("p256", KeyType.ecdsaP256), ("rsa2048", .rsa(bits: 2_048))] {
        let holder = try ForgedIdentity(type)
        let newKey = try SigningKey.generate(type)
        var request = ForgedRequest(for: newKey)
        request.attributes = .context(0, [ForgedSigner.renewalCertificate(holder.certificate)])
        let content = try request.signed(by: newKey).der
        let message = ForgedSignedMessage(
            content,
            certificates: [holder.certificate],
            signers: [try ForgedSigner(holder, over: content).signed()]
        ).der
        let inspector = SignedRenewalInspector()
        let count = 2_000
        for _ in 0..<100 { _ = try inspector.inspect(message) }
        var costs: [Double] = []
        for _ in 0..<bench.rounds {
            let before = ProcessCost.ownMicroseconds
            for _ in 0..<count { _ = try inspector.inspect(message) }
            costs.append((ProcessCost.ownMicroseconds - before) / Double(count))
        }
        bench.add(.cost("renewal.\(word).inspect.cpu", costs.median, "us"))
    }
}

import Authority
import EnrollmentCore

/// Asks whether configured tokens are in reach, take the PIN, hold the keys that the store says are on them, and sign.
struct TokenChecks {
    private let examination: Examination
    private let tokens: TokenKeys

    init(examination: Examination) {
        self.examination = examination
        self.tokens = examination.configuration.tokenKeys()
    }

    /// Whether the key is the certificate's, and its signature verifies.
    func judge(_ issuer: IssuerRecord) -> Finding {
        let name = "keys \(issuer.id)"
        do throws(EnrollmentError) {
            try self.tokens.examine(issuer)
            return .ok(name, "on a token, belongs to its certificate, signs")
        } catch {
            return Finding(.failure, name, error.detail, remedy: "gatehouse doctor --only pkcs11")
        }
    }

    /// One finding for each token.
    func findings() async -> [Finding] {
        let configured = self.examination.configuration.tokens
        guard !configured.isEmpty else { return [.skipped("pkcs11", "not configured")] }
        var findings: [Finding] = []
        for token in configured {
            findings.append(await self.judge(token))
        }
        return findings
    }

    private func judge(_ token: ConfiguredToken) async -> Finding {
        let name = "pkcs11 \(token.name)"
        do throws(EnrollmentError) {
            let ceremonies = try await self.examination.ledger.ceremonies()
            let survey = try await self.tokens.survey(
                token.name,
                for: self.examination.issuers,
                waiting: ceremonies.filter { $0.state == .open }.map(\.key)
            )
            let keys = survey.issuers.isEmpty ? "no issuer's key" : "keys of \(survey.issuers.joined(separator: ", "))"
            guard survey.leftovers.isEmpty else {
                let leftovers = survey.leftovers.joined(separator: ", ")
                return Finding(
                    .warning,
                    name,
                    "logged in; \(keys), and keys of no issuer in this store: \(leftovers)",
                    remedy: "if no other store uses them, remove them by the vendor's tool"
                )
            }
            return .ok(name, "logged in; \(keys)")
        } catch {
            return Finding(.failure, name, error.detail, remedy: "tokens in \(self.examination.configuration.file)")
        }
    }
}

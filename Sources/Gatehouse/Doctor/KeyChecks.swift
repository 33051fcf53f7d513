import Authority
import EnrollmentCore
import Ledger
import OpenSSLKit
import X509Kit

/// Asks whether keys can be opened, sealed in the store or on a token, and whether each belongs to its certificate.
struct KeyChecks {
    let examination: Examination

    func findings() async -> [Finding] {
        let vault: Vault
        do throws(CommandProblem) {
            vault = try await Vault.open(by: self.examination.configuration, in: self.examination.ledger)
        } catch {
            return [Finding(.failure, "keys", error.sentence, remedy: error.lines.last?.text)]
        }
        let tokens = TokenChecks(examination: self.examination)
        var findings: [Finding] = []
        for issuer in self.examination.issuers where issuer.key.isAtHand {
            findings.append(issuer.key.place == "token" ? tokens.judge(issuer) : self.judge(issuer, vault))
        }
        return findings + (await tokens.findings())
    }

    private func judge(_ issuer: IssuerRecord, _ vault: Vault) -> Finding {
        let name = "keys \(issuer.id)"
        do throws(EnrollmentError) {
            let key = try vault.key(of: issuer)
            // A certificate that cannot be read has a finding of its own.
            guard let certificate = try? Certificate(der: issuer.certificate),
                certificate.publicKeyInfo == key.publicKeyInfo
            else {
                return Finding(
                    .failure,
                    name,
                    "the sealed key does not belong to the certificate of \(issuer.id)",
                    remedy: "restore a backup"
                )
            }
            return .ok(name, "sealed, opens with the passphrase, belongs to its certificate")
        } catch {
            return Finding(.failure, name, error.detail, remedy: "restore a backup")
        }
    }
}

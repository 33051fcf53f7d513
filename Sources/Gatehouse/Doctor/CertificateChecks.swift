import EnrollmentCore
import Ledger
import OpenSSLKit
import X509Kit

/// Asks how long every certificate lasts that the service leans on.
struct CertificateChecks {
    let examination: Examination

    func findings() async throws(EnrollmentError) -> [Finding] {
        var findings: [Finding] = []
        for issuer in self.examination.issuers { findings.append(self.issuer(issuer)) }
        findings.append(try await self.own(use: "tls", name: "certificate tls", isRequired: true))
        for issuer in self.examination.issuers where Self.answersForItself(issuer) {
            let name = "certificate ocsp/\(issuer.id)"
            findings.append(try await self.own(use: "ocsp/\(issuer.id)", name: name, isRequired: false))
        }
        for files in self.examination.configuration.certificates { findings += self.file(files) }
        return findings
    }

    private static func answersForItself(_ issuer: IssuerRecord) -> Bool {
        switch issuer.state {
        case .active, .draining, .crlOnly: true
        case .prepared, .published, .retired, .aborted, .compromised: false
        }
    }

    private func issuer(_ issuer: IssuerRecord) -> Finding {
        let name = "certificate \(issuer.role == .root ? "root" : "issuer") \(issuer.id)"
        guard let end = Self.end(of: issuer.certificate) else {
            return Finding(.failure, name, "the certificate cannot be read", remedy: "restore a backup")
        }
        // An issuer cuts devices' certificates short as soon as they would outlive it.
        let days = issuer.role == .root ? 365 : self.examination.profiles?.device.validityDays ?? 365
        return Endurance(warning: days, failure: 30).judge(
            name,
            end: end,
            at: self.examination.now,
            "the certificate, \(issuer.state.rawValue),",
            remedy: "plan a new authority: gatehouse cert list --issuer \(issuer.id)"
        )
    }

    /// A certificate that the service makes new by itself when a third of its life is left: less than a fifth means
    /// that it does not.
    private func own(use: String, name: String, isRequired: Bool) async throws(EnrollmentError) -> Finding {
        guard let record = try await self.examination.ledger.serviceCertificate(for: use) else {
            let what = "there is none in the store"
            return isRequired
                ? Finding(.failure, name, what, remedy: "restore a backup")
                : Finding(.warning, name, what, remedy: "gatehouse serve, which makes it")
        }
        guard let leaf = record.chain.first, let certificate = try? Certificate(der: leaf),
            // What cannot be read is told as such.
            let begin = try? certificate.notBeforeSeconds()
        else { return Finding(.failure, name, "the certificate cannot be read", remedy: "restore a backup") }
        let life = Int((record.notAfter.seconds - begin) / 86_400)
        return Endurance(warning: max(1, life / 5), failure: max(1, life / 20)).judge(
            name,
            end: record.notAfter,
            at: self.examination.now,
            "the service's own certificate",
            remedy: "gatehouse serve, which makes a new one; its log says why it did not"
        )
    }

    private func file(_ files: Configuration.CertificateFiles) -> [Finding] {
        let name = "certificate file \(files.chain)"
        let chain: [[UInt8]]
        do throws(CommandProblem) {
            chain = try TLSSetup.identity(in: files).certificates
        } catch {
            return [Finding(.failure, name, error.sentence, remedy: "mend tls.certificates, then SIGHUP")]
        }
        let ends = chain.map { Self.end(of: $0) }
        guard let first = ends.compactMap({ $0 }).min(), !ends.contains(nil) else {
            return [Finding(.failure, name, "a certificate in it cannot be read", remedy: "replace the file")]
        }
        return [
            Endurance(warning: 21, failure: 7).judge(
                name,
                end: first,
                at: self.examination.now,
                "the first of \(Numerals.count(chain.count, "certificate"))",
                remedy: "replace the file, then SIGHUP"
            )
        ]
    }

    static func end(of der: [UInt8]) -> Timestamp? {
        // The caller says what it means that it cannot be read.
        guard let seconds = try? Certificate(der: der).notAfterSeconds() else { return nil }
        return Timestamp(seconds: seconds)
    }
}

import EnrollmentCore
import Ledger

/// Which certificates a person wants revoked, as the command line named them.
struct RevocationWish: Sendable {
    /// How they are found.
    enum Way: Sendable {
        /// By name: whoever names a number wants to hear when it is unknown or revoked already.
        case named([SerialNumber])
        case selected(RevocationSelection)
    }

    /// `serial`, `device` and so on: the option without its dashes.
    let kind: String
    /// For people: `of issuer 2026-A`.
    let words: String
    /// What the option was given.
    let values: [String]
    let way: Way
    /// SHA-256 over the SubjectPublicKeyInfo that is to be blocked, too.
    var blockedKey: [UInt8]?
    /// Left out of what is selected: a root's own certificate, which its CRLs cannot list.
    var exception: SerialNumber?

    /// The certificates, in the order in which they are dealt with.
    func serialNumbers(in ledger: any LedgerStore, at now: Timestamp) async throws(EnrollmentError) -> [SerialNumber] {
        guard case .selected(let selection) = self.way else {
            if case .named(let serialNumbers) = self.way { return serialNumbers }
            return []
        }
        var found: [SerialNumber] = []
        var after: String?
        repeat {
            let page = try await ledger.revocable(selection, at: now, after: after, limit: PageSize.largest)
            found += page.elements.filter { $0 != self.exception }
            after = page.next
        } while after != nil
        return found
    }

    /// The selecting options as a shell takes them.
    var shellWords: [String] { self.values.flatMap { ["--\(self.kind)", $0] } }
}

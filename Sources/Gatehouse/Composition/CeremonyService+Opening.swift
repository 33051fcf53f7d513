import Authority
import EnrollmentCore
import Ledger

extension CeremonyService {
    /// The service for one command.
    init(_ ledger: any LedgerStore, _ keys: KeyRing, _ configuration: Configuration) {
        self.init(
            ledger: ledger,
            vault: keys.vault,
            keys: keys,
            clock: SystemClock(),
            random: OpenSSLRandomSource(),
            addresses: configuration.addresses,
            node: configuration.node
        )
    }
}

extension CommandProblem {
    /// A new place that waits for what its offline root is to sign; `nil` for any other.
    static func waiting(for ceremonies: [CeremonyRecord], _ issuers: [IssuerRecord]) -> CommandProblem? {
        let hasIssuer = issuers.contains { $0.role == .issuing && $0.state == .active }
        guard !hasIssuer, let open = ceremonies.first(where: { $0.kind == .founding && $0.state == .open }) else {
            return nil
        }
        return CommandProblem(
            "GH-CEREMONY-006",
            "the authority waits for its root: ceremony \(open.id), asked for \(open.created), is not imported yet",
            [
                ("sign", "gatehouse ceremony sign REQUEST --root FOLDER, on the root's machine"),
                ("then", "gatehouse ca import ANSWER"),
                ("lost", "gatehouse ca ceremonies --again \(open.id) --out FILE"),
            ],
            exit: .refused
        )
    }
}

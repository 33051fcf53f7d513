import EnrollmentCore
import X509Kit

/// How far the link certificates between two roots lead.
///
/// A link permits one authority less below it than the root that signs it does. Roots of the profile `root/1` permit one:
/// below a link of theirs there is none left, so that no chain to a device goes over it (RFC 5280 § 4.2.1.9).
struct LinkReach: Sendable {
    /// Who trusts `root` alone verifies the root `other`, and nothing that issuing authorities below `other` sign.
    struct Gap: Hashable, Sendable {
        let root: String
        let other: String
    }

    /// Empty when chains go over the links, or there are none.
    let gaps: [Gap]

    /// - Parameters:
    ///   - id: A root that is published or activated beside the one that signs.
    ///   - rotation: All issuers, before that.
    init(of id: String, in rotation: KeyRotation) {
        guard let next = rotation.standing(of: id)?.issuer, next.role == .root,
            let former = rotation.active(.root)?.issuer, former.id != id
        else {
            self.gaps = []
            return
        }
        self.gaps = [(former, next), (next, former)].filter { Self.isShort($0.0) }.map {
            Gap(root: $0.0.id, other: $0.1.id)
        }
    }

    private static func isShort(_ root: IssuerRecord) -> Bool {
        // One that cannot be read makes no links; `doctor` says why.
        guard let length = try? Certificate(der: root.certificate).pathLength() else { return false }
        return length < 2
    }

    /// Whether who trusts `root` alone has no chain to what is signed below the other one.
    func isShort(from root: String) -> Bool { self.gaps.contains { $0.root == root } }

    /// A sentence for each gap.
    var warnings: [String] {
        self.gaps.map { gap in
            "a device that trusts \(gap.root) alone cannot build a chain to what is signed below \(gap.other), because"
                + " \(gap.root) permits no issuing authority behind a link; it has to trust \(gap.other) first"
        }
    }
}

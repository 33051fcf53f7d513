/// A sentence of somebody outside, fit to be shown on a device's screen and to be kept.
///
/// One line; no control character, nothing that changes the direction of what stands around it, nothing that XML cannot
/// hold.
struct SpokenReason {
    /// Unicode scalars, not what a reader takes for one character: a single one of those can be of any length.
    static let longest = 300

    let text: String

    /// `nil` when nothing of `text` can be shown.
    init?(_ text: String) {
        var kept = String.UnicodeScalarView()
        var isBlankPending = false
        var count = 0
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .spaceSeparator:
                isBlankPending = count > 0
                continue
            case .surrogate, .privateUse, .unassigned:
                continue
            default:
                if Self.isDirectional(scalar) { continue }
            }
            guard count + (isBlankPending ? 2 : 1) <= Self.longest else { break }
            if isBlankPending {
                kept.append(" ")
                count += 1
                isBlankPending = false
            }
            kept.append(scalar)
            count += 1
        }
        guard count > 0 else { return nil }
        self.text = String(kept)
    }

    /// Embeddings, overrides and isolates; the plain marks that right-to-left text needs are none.
    private static func isDirectional(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

import Authority
import Synchronization

/// The tokens that this process may have opened.
///
/// A module must not be at work while the process takes itself apart, so the last that every command does is to close
/// them, whichever way it ends.
enum OpenTokens {
    private static let all = Mutex<[TokenKeys]>([])

    static func add(_ tokens: TokenKeys) {
        self.all.withLock { $0.append(tokens) }
    }

    /// Closes them, within a few seconds.
    ///
    /// - Returns: The names of those in which a call does not return; the process ends without it all the same.
    @discardableResult
    static func close() async -> [String] {
        let all = self.all.withLock { all in
            defer { all = [] }
            return all
        }
        return await withTaskGroup(of: [String].self) { group in
            for tokens in all {
                group.addTask { await tokens.close() }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }
}

/// A thread with a session of its own.
final class TokenWorker: Sendable {
    private let index: Int
    private let queue: ErrandQueue
    private let link: TokenLink

    init(_ index: Int, queue: ErrandQueue, link: TokenLink) {
        self.index = index
        self.queue = queue
        self.link = link
    }

    /// Runs errands until the queue is closed.
    func run() {
        var session: TokenSession?
        while let errand = self.queue.next(for: self.index) {
            self.run(errand, with: &session)
        }
        if let session { self.link.close(session) }
    }

    /// Tries again with a new session when the old one turns out to be worthless, and once more when the new one does.
    private func run(_ errand: Errand, with session: inout TokenSession?) {
        var hasDoubted = false
        while true {
            let isFresh = session == nil
            let present: TokenSession
            do throws(PKCS11Error) {
                if let session { present = session } else { present = try self.link.open(before: errand.deadline) }
            } catch {
                errand.fail(error)
                return
            }
            session = present
            do throws(PKCS11Error) {
                try self.link.use(present, before: errand.deadline) { (session) throws(PKCS11Error) in
                    try errand.run(with: session)
                }
                return
            } catch {
                self.link.close(present)
                session = nil
                guard error.kind == .away || error.kind == .keyMissing else {
                    errand.fail(error)
                    return
                }
                if !isFresh { continue }
                if !hasDoubted, self.link.doubt(present, before: errand.deadline) {
                    hasDoubted = true
                    continue
                }
                if error.kind == .away { self.link.lost(error) }
                errand.fail(error)
                return
            }
        }
    }
}

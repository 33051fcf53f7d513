internal import Synchronization

/// What a listener serves, replaceable while it does: a request whose head was read is answered by what was there then.
package final class RouterSource: Sendable {
    private let router: Mutex<Router>

    package init(_ router: Router) {
        self.router = Mutex(router)
    }

    /// What the next request finds.
    package var current: Router {
        self.router.withLock { $0 }
    }

    package func replace(with router: Router) {
        self.router.withLock { $0 = router }
    }
}

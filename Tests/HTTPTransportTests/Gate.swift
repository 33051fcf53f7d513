import ServiceRuntime

/// Holds a handler back until the test lets it go, and tells the test that it has arrived.
struct Gate: Sendable {
    let arrived = ShutdownSignal()
    let opened = ShutdownSignal()

    /// What a handler calls.
    func pass() async {
        self.arrived.raise()
        await self.opened.wait()
    }
}

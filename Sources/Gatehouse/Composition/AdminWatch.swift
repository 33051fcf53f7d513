import AdminAPI
import EnrollmentCore
import Logging
import ServiceRuntime
import Synchronization

/// Keeps what the admin interface has in memory up to date.
struct AdminWatch: Service {
    /// How soon a token that was made or revoked counts.
    private static let tokenPeriod = Duration.seconds(2)

    let name = "admin"
    let setup: AdminSetup
    let clock: any WallClock
    /// How often the ledger is asked what changed, where nobody rings.
    let period: Duration
    /// Rings when something happened to a certificate or a device.
    let identities: Doorbell
    /// Rings when events got their places.
    let feed: Doorbell
    let logger: Logger

    func run(until shutdown: ShutdownSignal) async throws {
        await withDiscardingTaskGroup { group in
            group.addTask {
                await self.watch("identities", every: self.period, orWhen: self.identities, until: shutdown) {
                    () throws(EnrollmentError) in
                    _ = try await self.setup.identities.follow()
                }
            }
            group.addTask {
                await self.watch("events", every: self.period, orWhen: self.feed, until: shutdown) {
                    () throws(EnrollmentError) in
                    try await self.setup.feed.look()
                }
            }
            group.addTask {
                await self.watch("tokens", every: Self.tokenPeriod, orWhen: Doorbell(), until: shutdown) {
                    () throws(EnrollmentError) in
                    try await self.setup.tokens.reload(at: self.clock.now)
                }
            }
            group.addTask {
                await self.watch("uses of tokens", every: Self.tokenPeriod, orWhen: Doorbell(), until: shutdown) {
                    () throws(EnrollmentError) in
                    try await self.setup.noteUses()
                }
            }
        }
    }

    /// Says once that something is not read, and once that it is again: readiness says so all the while.
    private func watch(
        _ what: String,
        every pause: Duration,
        orWhen bell: Doorbell,
        until shutdown: ShutdownSignal,
        _ look: @escaping @Sendable () async throws(EnrollmentError) -> Void
    ) async {
        let isWell = Atomic(true)
        await self.repeatedly(every: pause, orWhen: bell, until: shutdown) {
            do throws(EnrollmentError) {
                try await look()
                if !isWell.exchange(true, ordering: .relaxed) {
                    self.logger.notice("the admin interface is up to date again", metadata: ["of": "\(what)"])
                }
            } catch {
                guard isWell.exchange(false, ordering: .relaxed) else { return }
                self.logger.warning(
                    "the admin interface is not up to date",
                    metadata: ["of": "\(what)", "rule": "\(error.rule)", "detail": "\(error.detail)"]
                )
            }
        }
    }
}

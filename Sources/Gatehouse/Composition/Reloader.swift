import Authority
import EnrollmentCore
import Logging
import ServiceRuntime
import TLSTransport

/// Reads configuration and TLS certificate again: everything, or nothing when any part is wrong.
struct Reloader: Sendable {
    let file: String
    let started: Configuration
    let foundation: ServiceGraph.Foundation
    let current: CurrentGraph
    let contexts: TLSContextSource
    let tls: TLSSetup
    let responder: OCSPResponder
    /// `nil` where there is no admin listener.
    let admin: AdminSetup?
    let handOff: HandOffSetup
    /// `nil` where no other replica is.
    let agreement: AgreementWatch?
    let logger: Logger

    @Sendable func reload() async {
        do throws(CommandProblem) {
            let configuration = try ConfigurationFile.load(self.file)
            let profiles = try ProfileFolder.load(configuration)
            let graph = try ServiceGraph(configuration, profiles: profiles, on: self.foundation, logger: self.logger)
            let context = try await self.tls.context(for: configuration)
            let senders = try self.handOff.made(of: configuration)
            let agreement = Agreement(configuration, profiles)
            let access = try self.admin?.prepared(for: configuration)
            try await self.agreement?.admit(agreement, file: self.file)
            self.current.replace(with: graph)
            self.contexts.replace(with: context)
            if let access { self.admin?.replace(with: access) }
            self.responder.setValidity(configuration.ocspValidity)
            self.handOff.senders.replace(with: senders)
            self.agreement?.reloaded(agreement)
            self.logger.notice("configuration reloaded", metadata: ["file": "\(self.file)"])
            self.warnOfRestart(configuration)
            await configuration.warnOfLostAccounts(in: self.foundation.ledger, self.logger)
        } catch {
            self.logger.error(
                "configuration not reloaded, the former one stays in effect",
                metadata: error.lines.reduce(into: ["detail": "\(error.sentence)"]) { $0[$1.label] = "\($1.text)" }
            )
        }
    }

    /// Says which changed keys have no effect until the service is started again.
    private func warnOfRestart(_ configuration: Configuration) {
        var keys: [String] = []
        if configuration.deviceListener != self.started.deviceListener { keys.append("listeners.device") }
        if configuration.plainListener != self.started.plainListener { keys.append("listeners.plain") }
        if configuration.adminListener != self.started.adminListener { keys.append("listeners.admin") }
        if configuration.crl != self.started.crl { keys.append("crl") }
        if configuration.retention != self.started.retention { keys.append("retention") }
        if configuration.handOff.eventDays != self.started.handOff.eventDays { keys.append("handOff.eventDays") }
        if configuration.handOff.silentAfterMinutes != self.started.handOff.silentAfterMinutes {
            keys.append("handOff.silentAfterMinutes")
        }
        if configuration.publicURL.text != self.started.publicURL.text { keys.append("urls.pki") }
        if configuration.crlShards != self.started.crlShards { keys.append("authority.crlShards") }
        if configuration.limits != self.started.limits { keys.append("limits") }
        if configuration.admin.cachedIdentities != self.started.admin.cachedIdentities {
            keys.append("admin.cachedIdentities")
        }
        if configuration.admin.failuresPerMinute != self.started.admin.failuresPerMinute {
            keys.append("admin.failuresPerMinute")
        }
        if configuration.store != self.started.store { keys.append("store") }
        if configuration.passphrase != self.started.passphrase { keys.append("keys.passphrase") }
        if configuration.tokens != self.started.tokens { keys.append("tokens") }
        if configuration.reservationHours != self.started.reservationHours {
            keys.append("enrollment.reservationHours")
        }
        if configuration.logLevel != self.started.logLevel { keys.append("log.level") }
        if configuration.logFormat != self.started.logFormat { keys.append("log.format") }
        if !keys.isEmpty {
            self.logger.warning(
                "changed keys take effect at the next start",
                metadata: ["keys": "\(keys.joined(separator: ","))"]
            )
        }
    }
}

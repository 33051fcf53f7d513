package import EnrollmentCore
package import OpenSSLKit

/// Writes events as CloudEvents 1.0 in JSON: what a webhook carries, and what the pull feed gives.
///
/// The same event has the same body whenever it is written, but for two things: an account's secrets are encrypted anew
/// each time, and name and addresses of a management server are those of the present configuration.
package struct CloudEventBody: Sendable {
    /// Opens what the ledger keeps sealed, given the purpose it was sealed for.
    package typealias Opener = @Sendable (_ sealed: [UInt8], _ purpose: String) throws(EnrollmentError) -> SecretOctets

    let source: String
    private let servers: [String: ManagementServer]
    private let disclosure: AccountDisclosure
    private let open: Opener

    /// - Parameters:
    ///   - source: The service's address as devices know it, `source` of every event.
    ///   - servers: Management servers by provider id.
    ///   - disclosure: Whether whoever reads the events learns accounts' secrets.
    ///   - open: Opens them.
    package init(
        source: String,
        servers: [String: ManagementServer],
        disclosure: AccountDisclosure,
        open: @escaping Opener
    ) {
        self.source = source
        self.servers = servers
        self.disclosure = disclosure
        self.open = open
    }

    /// The event as JSON, UTF-8, on one line.
    ///
    /// - Throws: `EnrollmentError` with code `internalService` when a secret cannot be opened or encrypted.
    package func octets(of event: FeedEvent) throws(EnrollmentError) -> [UInt8] {
        let secrets = try self.secrets(of: event)
        var announcement: IssuerAnnouncement?
        switch event.event.kind {
        case .trustPublished, .trustActivated, .trustRetired:
            announcement = IssuerAnnouncement(details: event.details)
            guard announcement != nil else {
                throw EnrollmentError(
                    .internalService,
                    "Event \(event.event.id) does not say which issuer it is about. Report this.",
                    rule: "handoff.details"
                )
            }
        default: break
        }
        var writer = JSONWriter()
        writer.envelope(
            event.event.id,
            type: EventType.name(of: event.event.kind),
            kind: event.event.kind.rawValue,
            source: self.source,
            subject: event.event.device.map { "\($0)" } ?? event.subject,
            time: event.recorded
        ) { writer in
            writer.member("schema", "gatehouse.event/1")
            writer.member("kind", event.event.kind.rawValue)
            writer.member("position", event.position)
            writer.member("trace", event.traceID.map { "\($0)" })
            if let announcement {
                writer.issuer(announcement)
            } else if event.event.kind == .limitRefused {
                writer.limitRefused(event)
            } else {
                writer.device(event)
                if let secrets { writer.account(secrets, of: event, self.servers) }
            }
        }
        return writer.octets
    }

    /// The account's values as they are told; `nil` where the event brings no account.
    private func secrets(of event: FeedEvent) throws(EnrollmentError) -> DisclosedAccount? {
        guard let sealed = event.sealedAccount, let device = event.event.device else { return nil }
        let opened = try self.open(sealed, ManagementAccount.sealingPurpose(of: device))
        guard let account = opened.withOctets({ ManagementAccount(opened: $0) }) else {
            throw EnrollmentError(
                .internalService,
                "The management account of device \(device) is not one that this version wrote. Restore the store.",
                rule: "handoff.account"
            )
        }
        switch self.disclosure {
        case .omitted: return DisclosedAccount(account: account, secrets: nil)
        case .encrypted(let key):
            var writer = JSONWriter(capacity: 512)
            writer.object { writer in
                // What they are for is encrypted with them, so that nobody passes them on as another device's.
                writer.member("device", device)
                writer.member("event", event.event.id)
                writer.member("clientSecret", account.clientSecret.reveal())
                writer.member("serverSecret", account.serverSecret.reveal())
            }
            do throws(OpenSSLError) {
                let secrets = try key.encrypt(SecretOctets(writer.octets), contentType: "json")
                return DisclosedAccount(account: account, secrets: secrets)
            } catch {
                throw EnrollmentError(
                    .internalService,
                    "The cryptographic library did not encrypt an account's secrets: \(error).",
                    rule: "handoff.encryption",
                    cause: error
                )
            }
        }
    }
}

/// An account with its secrets in the form in which they are told.
struct DisclosedAccount {
    let account: ManagementAccount
    /// JSON Web Encryption; `nil` when they are not told.
    let secrets: String?
}

import EnrollmentCore
import ManagementLink

/// What management servers are told, and who is asked.
struct HandOffSettings: Hashable, Sendable {
    var destinations: [HandOffDestination] = []
    /// How long events are kept that every destination has; those that one has not are kept for longer.
    var eventDays = 90
    /// After so long without a sign a device that enrolled is silent.
    var silentAfterMinutes = 60
    /// Who is asked before a device gets a certificate; `nil` when nobody is.
    var authorise: HandOffAuthoriser?
}

/// Where one kind of message goes, and what it is signed with.
struct HandOffEndpoint: Hashable, Sendable {
    var url: String
    /// `whsec_…`, shared with the receiver.
    var secrets: [SecretReference]
    /// `whsk_…`, Ed25519.
    var signingKeys: [SecretReference]
    /// PEM of the only authorities its certificate may lead to; `nil` for those of the system.
    var trustFile: String?
    var clientCertificate: Configuration.CertificateFiles?
    /// `http://host:port`; `nil` for none.
    var proxy: String?
    /// Kinds and networks, as they are written.
    var allowedAddresses: [String]
    var timeoutSeconds: Int
}

/// A management server that gets events.
struct HandOffDestination: Hashable, Sendable {
    /// What it learns of the secrets by which device and management server know each other.
    enum Account: Hashable, Sendable {
        case omit
        /// Encrypted to the key in this file: PEM or a JSON Web Key.
        case encrypted(keyFile: String)
    }

    var name: String
    var endpoint: HandOffEndpoint
    /// Whose devices' events it gets; empty for all.
    var providers: [String]
    var kinds: Set<HandOffEvent.Kind>
    var account: Account
    /// Requests at once.
    var concurrency: Int
    var giveUpHours: Int
}

/// Somebody outside who is asked about every device.
struct HandOffAuthoriser: Hashable, Sendable {
    var endpoint: HandOffEndpoint
    var onSilence: AuthoriseSettings.Silence
    /// After so many silences in a row nobody is asked for a while.
    var failuresToPause: Int
    var pauseSeconds: Int
}

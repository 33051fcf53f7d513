import Authority
import EnrollmentCore

/// Why a person orders something.
struct Mandate: Sendable {
    let reason: String
    let ticket: String?

    /// A new act, ordered by whoever runs this command.
    func act(_ verb: AdministrativeAct.Verb, at now: Timestamp) throws(EnrollmentError) -> AdministrativeAct {
        AdministrativeAct(
            traceID: TraceID(random: try OpenSSLRandomSource().octets(TraceID.randomOctets)),
            verb: verb,
            actor: CommandActor.name,
            reason: self.reason,
            ticket: self.ticket,
            time: now
        )
    }

    /// The options that give it, as a shell takes them.
    var shellWords: [String] {
        ["--reason", self.reason] + (self.ticket.map { ["--ticket", $0] } ?? [])
    }
}

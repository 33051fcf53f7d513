import EnrollmentCore
import ManagementLink

/// The section `handOff` as rows of path and value.
///
/// What is below `handOff` all replicas have to have in common, since each of them may be the one that sends; how it gets
/// there from this machine is below `sending`, and is each replica's own.
enum HandOffSummary {
    static func rows(of settings: HandOffSettings) -> [(key: String, value: String)] {
        let names = settings.destinations.map(\.name)
        var rows = [
            ("handOff.destinations", names.isEmpty ? "none" : names.joined(separator: ", ")),
            ("handOff.eventDays", "\(settings.eventDays)"),
            ("handOff.silentAfterMinutes", "\(settings.silentAfterMinutes)"),
        ]
        for destination in settings.destinations { rows += self.rows(of: destination) }
        rows.append(("handOff.authorise", settings.authorise?.endpoint.url ?? "nobody is asked"))
        if let authorise = settings.authorise {
            rows += [
                ("handOff.authorise.onSilence", authorise.onSilence.rawValue),
                ("handOff.authorise.failuresToPause", "\(authorise.failuresToPause)"),
                ("handOff.authorise.pauseSeconds", "\(authorise.pauseSeconds)"),
            ]
            rows += self.rows(of: authorise.endpoint, at: "sending.authorise")
        }
        return rows
    }

    private static func rows(of destination: HandOffDestination) -> [(key: String, value: String)] {
        let place = "handOff.destinations.\(destination.name)"
        let account =
            switch destination.account {
            case .omit: "omit"
            case .encrypted: "encrypted to the receiver's key"
            }
        var rows = [
            ("\(place).url", destination.endpoint.url),
            (
                "\(place).providers",
                destination.providers.isEmpty ? "all" : destination.providers.joined(separator: ", ")
            ),
            ("\(place).events", destination.kinds.map(\.rawValue).sorted().joined(separator: ", ")),
            ("\(place).account", account),
            ("\(place).giveUpHours", "\(destination.giveUpHours)"),
        ]
        let sending = "sending.destinations.\(destination.name)"
        if case .encrypted(let file) = destination.account { rows.append(("\(sending).account", "key in \(file)")) }
        rows.append(("\(sending).concurrency", "\(destination.concurrency)"))
        return rows + self.rows(of: destination.endpoint, at: sending)
    }

    private static func rows(of endpoint: HandOffEndpoint, at place: String) -> [(key: String, value: String)] {
        [
            ("\(place).secrets", self.places(endpoint.secrets)),
            ("\(place).signingKeys", self.places(endpoint.signingKeys)),
            ("\(place).ca", endpoint.trustFile ?? "those of the system"),
            ("\(place).clientCertificate", endpoint.clientCertificate?.chain ?? "none"),
            ("\(place).proxy", endpoint.proxy ?? "none"),
            (
                "\(place).allowedAddresses",
                endpoint.allowedAddresses.isEmpty ? "the usual" : endpoint.allowedAddresses.joined(separator: ", ")
            ),
            ("\(place).timeoutSeconds", "\(endpoint.timeoutSeconds)"),
        ]
    }

    private static func places(_ references: [SecretReference]) -> String {
        references.isEmpty ? "none" : references.map(\.place).joined(separator: ", ")
    }
}

import CurlKit
import EnrollmentCore
import ManagementLink

/// What came of a test event, and what to do about it.
struct ProbeScreen {
    let destination: String
    let probe: DestinationProbe
    let outcome: Result<CurlResponse, CurlError>

    var isAccepted: Bool {
        if case .success(let response) = self.outcome {
            (200...299).contains(response.status)
        } else {
            false
        }
    }

    /// What it means, and what to do; `nil` when nothing has to be done.
    private var finding: (sentence: String, remedy: String?) {
        switch self.outcome {
        case .success(let response): Self.finding(response)
        case .failure(let error): Self.finding(error)
        }
    }

    private static func finding(_ response: CurlResponse) -> (sentence: String, remedy: String?) {
        switch response.status {
        case 200...299:
            ("It takes events.", nil)
        case 300...399:
            (
                "It points elsewhere, and redirects are not followed: a signed message goes where the configuration says.",
                response.values(of: "location").first.map {
                    "url: \"\(Table.printable($0))\", if that is right"
                }
                    ?? "put its new address into url"
            )
        case 401, 403:
            (
                "It does not believe the message, or wants something else besides.",
                "compare secrets and public keys at both ends, and the clocks: most receivers take 5 minutes"
            )
        case 404, 405:
            (
                "There is a server, and nothing of it takes events at this address.",
                "look at the path of url"
            )
        case 410:
            (
                "It says that it is gone: a service would stop sending to it.",
                "gatehouse handoff resume, once it is back, or take it out of handOff.destinations"
            )
        case 413:
            (
                "The message is too large for it.",
                "allow 64 KiB at least at the receiver or the proxy before it"
            )
        case 407:
            ("The proxy wants to know who asks.", "let the proxy through without a password, or leave proxy out")
        case 408:
            ("The message came too slowly for it.", "look at the way there: proxy, network, limits of the receiver")
        case 429:
            ("It wants less, or later: a service would wait and go on by itself.", nil)
        case 503 where !response.values(of: "retry-after").isEmpty:
            ("It wants less, or later: a service would wait and go on by itself.", nil)
        case 400...499:
            (
                "It refuses the message.",
                "look into the receiver's log for the message's id; it has to take types that it does not know"
            )
        case 500...599:
            (
                "It has trouble of its own: a service would try again for days.",
                "look into the receiver's log"
            )
        default:
            ("It answers with something that is no answer.", "look at what listens there")
        }
    }

    private static func finding(_ error: CurlError) -> (sentence: String, remedy: String?) {
        switch error.kind {
        case .unusableAddress: ("The address cannot be used.", "look at url")
        case .cannotResolve:
            ("The host name, or the proxy's, has no address.", "look at url, proxy and the resolver")
        case .forbiddenAddress:
            (
                "It may not be connected to: the name leads to an address that is kept from hand-off.",
                "allowedAddresses, if that is meant"
            )
        case .cannotConnect:
            ("Nothing answers there.", "look at host, port and firewalls, or set proxy")
        case .timedOut:
            ("There was no answer in time.", "look at the receiver, or raise timeoutSeconds")
        case .untrustedServer:
            (
                "Its certificate does not lead to a trusted authority, or names another host.",
                "ca: the file of its authority, or mend the receiver's certificate"
            )
        case .tlsFailed:
            (
                "TLS could not be agreed upon; it may want a client certificate.",
                "clientCertificate, and TLS 1.2 or newer"
            )
        case .unusableCredential:
            (
                "The client certificate, its key or the file of authorities cannot be used.",
                "clientCertificate and ca"
            )
        case .tooLarge, .brokenAnswer:
            (
                "It closed the connection, or answered with something that is not HTTP.",
                "look at what listens there"
            )
        case .cancelled: ("It was called off before there was an answer.", nil)
        case .other: ("The request failed.", nil)
        }
    }

    var text: String {
        let finding = self.finding
        var lines = ["Sent a test event to \(self.destination): \(self.url)", ""]
        switch self.outcome {
        case .success(let response):
            let timings = response.timings
            lines.append(
                Labelled.line("connection", "there after \(Self.milliseconds(timings.connected))")
            )
            if timings.secured > 0 {
                lines.append(
                    Labelled.line("TLS", "agreed and verified after \(Self.milliseconds(timings.secured))")
                )
            }
            lines.append(
                Labelled.line("answer", "\(response.status) after \(Self.milliseconds(timings.total))")
            )
        case .failure(let error):
            lines.append(Labelled.line("no answer", Table.printable(error.message)))
        }
        lines.append(Labelled.line("event", "\(self.probe.id), marked as a test"))
        lines += ["", finding.sentence]
        if let remedy = finding.remedy { lines.append("Try  \(remedy)") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func milliseconds(_ microseconds: Int) -> String {
        microseconds < 100_000
            ? "\(microseconds / 1_000).\(microseconds / 100 % 10) ms" : "\(microseconds / 1_000) ms"
    }

    /// Without a query, which may hold a secret.
    private var url: String { String(self.probe.connection.url.prefix { $0 != "?" }) }

    var json: JSONValue {
        func seconds(_ microseconds: Int) -> JSONValue { .number(Double(microseconds) / 1_000_000) }
        var members: [(String, JSONValue)] = [
            ("schema", .string("gatehouse.handoff-test/1")), ("destination", .string(self.destination)),
            ("url", .string(self.url)), ("event", .string("\(self.probe.id)")),
            ("accepted", .boolean(self.isAccepted)),
        ]
        switch self.outcome {
        case .success(let response):
            members += [
                ("status", .integer(Int64(response.status))), ("error", .null),
                ("connectedSeconds", seconds(response.timings.connected)),
                ("securedSeconds", seconds(response.timings.secured)),
                ("totalSeconds", seconds(response.timings.total)),
            ]
        case .failure(let error):
            members += [
                ("status", .null), ("error", .string("\(error)")), ("connectedSeconds", .null),
                ("securedSeconds", .null), ("totalSeconds", .null),
            ]
        }
        let finding = self.finding
        return .object(
            members + [("finding", .string(finding.sentence)), ("try", .optional(finding.remedy))]
        )
    }
}

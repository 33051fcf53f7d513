import Authority
import EnrollmentCore

/// Ceremonies on the screen and as documents.
enum CeremonyScreen {
    static func shown(_ request: CeremonyRequest) throws(EnrollmentError) -> CommandOutput {
        CommandOutput(text: try CeremonyText.of(request), json: try Self.document("request", request, nil))
    }

    static func shown(_ response: CeremonyResponse) throws(EnrollmentError) -> CommandOutput {
        CommandOutput(
            text: try CeremonyText.of(response),
            json: .object([
                ("schema", .string("gatehouse.ceremony/1")), ("status", .string("answer")),
                ("id", .string(response.id)), ("kind", .null), ("issuer", .null), ("root", .string(response.rootID)),
                ("requestSha256", .string(Hexadecimal.encode(response.requestDigest))),
                ("items", .integer(Int64(response.results.count))), ("file", .null), ("trace", .null),
            ])
        )
    }

    /// A request that was recorded, and its file written.
    static func asked(
        _ request: CeremonyRequest,
        file: String,
        trace: TraceID,
        heading: String
    ) throws(CommandProblem) -> CommandOutput {
        let lines = [
            heading, "", "  ceremony      \(request.id), \(Numerals.count(request.items.count, "item")) to sign",
            "  made          \(file)", "  root          \(request.rootID)",
            "", "Take it to the machine of \(request.rootID), and bring the answer back:",
            "  gatehouse ceremony sign \(ShellWords.line([file])) --root FOLDER",
            "", "Next:  gatehouse ca import \(ShellWords.line(["\(file).answer"]))", "Trace  \(trace)",
        ]
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: try Self.refusing(request, "asked", file, trace)
        )
    }

    static func signed(
        _ request: CeremonyRequest,
        _ response: CeremonyResponse,
        answer: String,
        transcript: String
    ) throws(CommandProblem) -> CommandOutput {
        let lines = [
            "Done. \(request.rootID) signed \(Numerals.count(response.results.count, "item")) of ceremony \(request.id).",
            "", "  answer        \(answer)", "  transcript    \(transcript)", "",
            "Take the answer back:  gatehouse ca import \(ShellWords.line([answer]))",
        ]
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: try Self.refusing(request, "signed", answer, nil)
        )
    }

    static func taken(_ taken: CeremonyService.Taken, trace: TraceID, next: String) throws(CommandProblem)
        -> CommandOutput
    {
        let request = taken.request
        guard taken.outcome == .imported else {
            return CommandOutput(
                text: "Ceremony \(request.id) was taken in already. Nothing to do.\n",
                json: try Self.refusing(request, "already", nil, nil)
            )
        }
        var lines = ["Done. Ceremony \(request.id) is what was asked for, octet for octet.", ""]
        if let certificate = taken.certificate {
            let what = request.kind == .root ? "link  " : "issuer"
            let name = request.kind == .root ? "\(request.issuerID) by \(request.rootID)" : request.issuerID
            lines.append("  \(what)        \(name), SHA-256 \(Hexadecimal.encode(certificate.thumbprint))")
            lines.append("                ends \(certificate.validity.notAfter), serial \(certificate.serialNumber)")
        }
        if !taken.lists.isEmpty {
            let shards = taken.lists.map { "\(request.rootID)/\($0)" }.joined(separator: ", ")
            lines.append("  CRL           \(shards)")
        }
        for shard in taken.overtaken {
            lines.append("  left out      \(request.rootID)/\(shard): there is a later CRL, which stays")
        }
        lines += ["", "Next:  \(next)", "Trace  \(trace)"]
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: try Self.refusing(request, "imported", nil, trace)
        )
    }

    private static func refusing(
        _ request: CeremonyRequest,
        _ status: String,
        _ file: String?,
        _ trace: TraceID?
    ) throws(CommandProblem) -> JSONValue {
        do throws(EnrollmentError) {
            return try Self.document(status, request, file, trace)
        } catch {
            throw CommandProblem(ceremony: error)
        }
    }

    private static func document(
        _ status: String,
        _ request: CeremonyRequest,
        _ file: String?,
        _ trace: TraceID? = nil
    ) throws(EnrollmentError) -> JSONValue {
        .object([
            ("schema", .string("gatehouse.ceremony/1")), ("status", .string(status)), ("id", .string(request.id)),
            ("kind", .string(request.kind.rawValue)), ("issuer", .string(request.issuerID)),
            ("root", .string(request.rootID)),
            ("requestSha256", .string(Hexadecimal.encode(try request.digest()))),
            ("items", .integer(Int64(request.items.count))), ("file", .optional(file)),
            ("trace", .optional(trace.map { "\($0)" })),
        ])
    }
}

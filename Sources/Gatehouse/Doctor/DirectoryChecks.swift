import Directory
import EnrollmentCore
import Logging

/// Asks whether the directory answers, how long its certificates last, and whether its clock agrees with ours.
struct DirectoryChecks {
    /// Kerberos tolerates five minutes; certificates are back-dated by as much.
    private static let worst = Duration.seconds(300)
    private static let bad = Duration.seconds(30)

    let configuration: Configuration
    let now: Timestamp

    func findings() async -> [Finding] {
        let reports: [DirectoryServerReport]
        do throws(CommandProblem) {
            var logger = Logger(label: "gatehouse") { _ in LineLogHandler(format: .text) }
            // What is found is shown here, not logged.
            logger.logLevel = .critical
            reports = await (try ServiceGraph.verifier(for: self.configuration, logger: logger)).inspect(SystemClock())
        } catch {
            return [Finding(.failure, "directory", error.sentence, remedy: error.lines.last?.text)]
        }
        let isAnyUsable = reports.contains { $0.problem == nil }
        return reports.flatMap { self.judge($0, isAnyUsable: isAnyUsable) }
    }

    private func judge(_ report: DirectoryServerReport, isAnyUsable: Bool) -> [Finding] {
        let name = "directory \(report.address)"
        if let problem = report.problem {
            return [
                Finding(
                    // With another one left, people can sign in.
                    isAnyUsable ? .warning : .failure,
                    name,
                    problem,
                    remedy: "mend the server, or directory.servers in \(self.configuration.file)"
                )
            ]
        }
        let milliseconds =
            report.duration.components.seconds * 1_000
            + report.duration.components.attoseconds / 1_000_000_000_000_000
        let security = self.configuration.directory.security.rawValue
        return [
            .ok(name, "\(milliseconds) ms to connect and sign in, \(security)"), self.certificate(report),
            self.clock(report),
        ]
    }

    private func certificate(_ report: DirectoryServerReport) -> Finding {
        let name = "certificate directory \(report.address)"
        guard let der = report.certificate else { return .skipped(name, "the connection has no TLS") }
        guard let end = CertificateChecks.end(of: der) else {
            return .skipped(name, "the server's certificate is of a kind that is not read here")
        }
        return Endurance(warning: 21, failure: 3).judge(
            name,
            end: end,
            at: self.now,
            "the server's certificate",
            remedy: "have the directory's administrator renew it"
        )
    }

    private func clock(_ report: DirectoryServerReport) -> Finding {
        let name = "clock \(report.address)"
        guard let offset = report.clockOffset else { return .skipped(name, "the directory does not tell the time") }
        let distance = offset < .zero ? .zero - offset : offset
        let seconds = distance.components.seconds
        // The directory tells whole seconds.
        guard distance > .seconds(2) else { return .ok(name, "agrees with the directory's to 2 s") }
        let what =
            "this machine's clock is \(Numerals.duration(seconds)) \(offset > .zero ? "behind" : "ahead of")"
            + " the directory's"
        let remedy = "chronyc tracking"
        if distance > Self.worst { return Finding(.failure, name, what, remedy: remedy) }
        if distance > Self.bad { return Finding(.warning, name, what, remedy: remedy) }
        return .ok(name, what)
    }
}

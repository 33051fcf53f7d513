import EnrollmentCore
import Ledger

/// Asks whether management servers are told what they should be.
struct HandOffChecks {
    let examination: Examination

    func findings() async throws(EnrollmentError) -> [Finding] {
        let destinations = self.examination.configuration.handOff.destinations
        guard !destinations.isEmpty else {
            return [.skipped("handoff", "no management server is told anything: handOff.destinations is empty")]
        }
        let standings = try await self.examination.ledger.destinations()
        var findings: [Finding] = []
        for destination in destinations {
            let standing = standings.first { $0.name == destination.name }
            findings.append(try await self.judge(destination, standing))
        }
        return findings + self.abandoned(standings, destinations)
    }

    private func judge(
        _ destination: HandOffDestination,
        _ standing: DestinationStanding?
    ) async throws(EnrollmentError) -> Finding {
        let name = "handoff \(destination.name)"
        if let problem = self.problem(destination) {
            let file = self.examination.configuration.file
            return Finding(.failure, name, problem.sentence, remedy: "handOff in \(file)")
        }
        guard let standing else { return .ok(name, "nothing was sent to \(destination.endpoint.url) yet") }
        let error = standing.lastError.map { ": \($0)" } ?? ""
        if standing.state == .stopped {
            return Finding(.failure, name, "stopped\(error)", remedy: "gatehouse handoff resume \(destination.name)")
        }
        let now = self.examination.now
        if let since = standing.failingSince, now.seconds(since: since) > HandOffReport.notableFailure {
            let time = Numerals.duration(now.seconds(since: since))
            return Finding(
                .failure,
                name,
                "nothing gets through for \(time)\(error)",
                remedy: "gatehouse handoff test \(destination.name)"
            )
        }
        let counts = try await self.examination.ledger.deliveryCounts(to: destination.name)
        if counts.dead > 0 {
            return Finding(
                .warning,
                name,
                "\(Numerals.count(counts.dead, "event")) given up\(error)",
                remedy: "gatehouse handoff list --dead --destination \(destination.name), then gatehouse handoff replay"
            )
        }
        let last = standing.lastDelivered.map { "last told \(Numerals.duration(now.seconds(since: $0))) ago" }
        return .ok(name, "\(last ?? "nothing told yet"), \(Numerals.grouped(counts.waiting)) waiting")
    }

    /// What keeps it from being sent to at all.
    private func problem(_ destination: HandOffDestination) -> CommandProblem? {
        do throws(CommandProblem) {
            try HandOffParts.check(destination)
            return nil
        } catch {
            return error
        }
    }

    /// One that was sent to once and is not configured any more: a misspelt name, perhaps, under which all is sent anew.
    private func abandoned(_ standings: [DestinationStanding], _ destinations: [HandOffDestination]) -> [Finding] {
        standings.filter { standing in !destinations.contains { $0.name == standing.name } }.map { standing in
            .ok("handoff \(standing.name)", "is not configured any more, and not sent to")
        }
    }
}

internal import EnrollmentCore
internal import ServiceRuntime

/// The feed: every event in its place, for whoever would rather ask than be told.
struct EventRoutes: Sendable {
    /// Seconds that a request may wait for an event.
    private static let longestWait = 60

    let ledger: any HandOffLedger
    let signal: FeedSignal
    let body: any EventBody
    /// Whether the ledger shows a past, as a standby's copy does: its feed ends earlier than another replica's.
    let isBehind: @Sendable () -> Bool

    var routes: [APIRoute] {
        [
            APIRoute(
                "GET",
                "/api/v1/events",
                .scope(.readEvents),
                "listEvents",
                parameters: ["after", "limit", "kinds", "wait"],
                answer: .later(self.list)
            )
        ]
    }

    private struct Question {
        /// `nil` for the beginning of what is kept.
        let after: Int64?
        let kinds: Set<HandOffEvent.Kind>
        let limit: Int
        let wait: Int

        init(_ query: QueryString) throws(Problem) {
            if let text = query["after"] {
                guard let position = Int64(text), position >= 0 else {
                    throw Problem(.badRequest, "after is no cursor that this feed gave.")
                }
                self.after = position
            } else {
                self.after = nil
            }
            var kinds: Set<HandOffEvent.Kind> = []
            for word in query["kinds"]?.split(separator: ",", omittingEmptySubsequences: false) ?? [] {
                guard let kind = HandOffEvent.Kind(rawValue: String(word)) else {
                    let known = HandOffEvent.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Problem(.badRequest, "kinds is a list, separated by commas, of \(known).")
                }
                kinds.insert(kind)
            }
            self.kinds = kinds
            self.limit = try query.limit()
            self.wait = try query.integer("wait", in: 0...EventRoutes.longestWait, default: 0)
        }
    }

    private struct Part {
        let events: [FeedEvent]
        let next: Int64
    }

    @Sendable private func list(_ call: APICall) async throws(Problem) -> APIResponse {
        let question = try Question(call.query)
        let part: Part
        if question.wait > 0 {
            part = try await self.wait(question, call.ending)
        } else {
            part = try await self.part(question, from: nil)
        }
        var bodies: [[UInt8]] = []
        for event in part.events {
            bodies.append(try await ask { () throws(EnrollmentError) in try self.body.body(of: event, at: call.now) })
        }
        let isFull = part.events.count == question.limit
        var json = JSONText(capacity: 256 + bodies.reduce(0) { $0 + $1.count + 1 })
        json.object { json in
            json.member("schema", "gatehouse.events/1")
            json.member("events", documents: bodies)
            json.member("next", "\(part.next)")
            json.member("more", isFull)
        }
        var response = APIResponse.json(json.octets)
        response.headers.append(("Link", "<\(Self.link(question, part.next))>; rel=\"next\""))
        return response
    }

    private static func link(_ question: Question, _ next: Int64) -> String {
        let kinds = question.kinds.map(\.rawValue).sorted().joined(separator: ",")
        return "/api/v1/events?after=\(next)&limit=\(question.limit)"
            + (kinds.isEmpty ? "" : "&kinds=\(kinds)") + (question.wait > 0 ? "&wait=\(question.wait)" : "")
    }

    // MARK: Waiting

    /// Waits until there is an event, the time is over, the client has gone or the service stops.
    private func wait(_ question: Question, _ ending: ShutdownSignal?) async throws(Problem) -> Part {
        guard let waiter = self.signal.enter() else {
            throw Problem(
                .tooManyWaiters,
                "Too many requests wait for events. Ask without wait, or later.",
                headers: [("Retry-After", "5")]
            )
        }
        defer { self.signal.leave(waiter) }
        let result = await withTaskGroup(of: Void.self) { group -> Result<Part, Problem> in
            group.addTask {
                // Cancelled when there is an event before.
                try? await Task.sleep(for: .seconds(question.wait))
                waiter.end()
            }
            if let ending {
                group.addTask {
                    await ending.wait()
                    waiter.end()
                }
            }
            defer { group.cancelAll() }
            do throws(Problem) {
                var part = try await self.part(question, from: nil)
                guard part.events.isEmpty else { return .success(part) }
                for await _ in waiter.news {
                    part = try await self.part(question, from: part.next)
                    if !part.events.isEmpty { break }
                }
                return .success(part)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// What is in the feed now; `place` is where an earlier look of the same request ended.
    private func part(_ question: Question, from place: Int64?) async throws(Problem) -> Part {
        // What is in the feed up to there is seen by the question that follows: with kinds left out, the cursor may go on
        // over them.
        let extent = try await ask { () throws(EnrollmentError) in try await self.ledger.feedExtent() }
        let after = place ?? question.after ?? extent.pruned
        if after > extent.last, self.isBehind() { return Part(events: [], next: after) }
        try Self.judge(after, extent)
        let events = try await ask { () throws(EnrollmentError) in
            try await self.ledger.events(after: after, kinds: question.kinds, limit: question.limit)
        }
        // What was removed while the events were read is missing among them.
        try Self.judge(
            after,
            try await ask { () throws(EnrollmentError) in try await self.ledger.feedExtent() }
        )
        let last = events.last?.position ?? after
        let next = events.count == question.limit ? last : max(last, extent.last)
        return Part(events: events, next: next)
    }

    /// Whether every event after that cursor is still in the feed.
    private static func judge(_ after: Int64, _ extent: FeedExtent) throws(Problem) {
        guard extent.holds(after) else {
            // What lies behind a cursor that was never given here is no gap alone: the same positions may have been given
            // to other events. So it goes on at the beginning in both cases.
            let reason =
                after < extent.pruned
                ? "Events behind that cursor are kept no longer."
                : "This feed does not reach that cursor, which was given before the store was put back to an earlier state."
            throw Problem(
                .cursorGone,
                "\(reason) What was missed has to be found by other means; after says where what is kept begins.",
                members: [("after", "\(extent.pruned)")]
            )
        }
    }
}

internal import EnrollmentCore
internal import ServiceRuntime

/// How destinations do; sending events again, and resuming what was stopped.
struct DestinationRoutes: Sendable {
    private static let mostIDs = 1_000

    let ledger: any HandOffLedger
    let random: any RandomSource
    /// The names that are configured now.
    let names: @Sendable () -> [String]

    var routes: [APIRoute] {
        [
            APIRoute(
                "GET",
                "/api/v1/destinations",
                .scope(.readHandOff),
                "listDestinations",
                answer: .later(self.list)
            ),
            APIRoute(
                "POST",
                "/api/v1/destinations/{name}/replay",
                .scope(.writeHandOff),
                "replayEvents",
                takesBody: true,
                answer: .later(self.replay)
            ),
            APIRoute(
                "POST",
                "/api/v1/destinations/{name}/resume",
                .scope(.writeHandOff),
                "resumeDestination",
                takesBody: true,
                answer: .later(self.resume)
            ),
        ]
    }

    // MARK: Looking

    private struct Found {
        let standing: DestinationStanding
        let waiting: Int
        let dead: Int
    }

    @Sendable private func list(_ call: APICall) async throws(Problem) -> APIResponse {
        let names = self.names()
        let (newest, found) = try await ask { () throws(EnrollmentError) -> (Int64, [Found]) in
            let extent = try await self.ledger.feedExtent()
            let standings = try await self.ledger.destinations()
            var found: [Found] = []
            for standing in standings {
                let counts = try await self.ledger.deliveryCounts(to: standing.name)
                found.append(Found(standing: standing, waiting: counts.waiting, dead: counts.dead))
            }
            for name in names where !standings.contains(where: { $0.name == name }) {
                found.append(Found(standing: .untold(name, after: extent.pruned), waiting: 0, dead: 0))
            }
            return (extent.last, found.sorted { $0.standing.name < $1.standing.name })
        }
        var json = JSONText(capacity: 2_048)
        json.object { json in
            json.member("schema", "gatehouse.destinations/1")
            json.member("newest", "\(newest)")
            json.member("destinations", array: found) { json, found in
                json.object { json in
                    json.member("name", found.standing.name)
                    json.member("configured", names.contains(found.standing.name))
                    json.member("state", found.standing.state.rawValue)
                    json.member("cursor", "\(found.standing.cursor)")
                    json.member("waiting", found.waiting)
                    json.member("dead", found.dead)
                    json.member("failingSince", optional: found.standing.failingSince)
                    json.member("pausedUntil", optional: found.standing.pausedUntil)
                    json.member("lastError", optional: found.standing.lastError)
                    json.member("lastDelivered", optional: found.standing.lastDelivered)
                }
            }
        }
        return .json(json.octets)
    }

    // MARK: Ordering

    @Sendable private func replay(_ call: APICall) async throws(Problem) -> APIResponse {
        let order = try OrderBody(call.request.body)
        let selection = try Self.selection(order.reader)
        try await self.require(call.name)
        let act = try self.act(.replay, order, call)
        let count = try await ask { () throws(EnrollmentError) in
            try await self.ledger.replay(selection, to: call.name, by: act)
        }
        var json = JSONText()
        json.object { json in
            json.member("schema", "gatehouse.replay-report/1")
            json.member("destination", call.name)
            json.member("events", count)
            json.member("trace", "\(act.traceID)")
        }
        return .json(json.octets)
    }

    @Sendable private func resume(_ call: APICall) async throws(Problem) -> APIResponse {
        let order = try OrderBody(call.request.body)
        do throws(SettingsError) { try order.reader.finish() } catch { throw Problem(error) }
        try await self.require(call.name)
        let act = try self.act(.resumeDestination, order, call)
        let wasStopped = try await ask { () throws(EnrollmentError) in
            try await self.ledger.resume(destination: call.name, by: act)
        }
        var json = JSONText()
        json.object { json in
            json.member("schema", "gatehouse.resumption/1")
            json.member("destination", call.name)
            json.member("wasStopped", wasStopped)
            json.member("trace", "\(act.traceID)")
        }
        return .json(json.octets)
    }

    /// Only what is configured, or was once sent to.
    private func require(_ name: String) async throws(Problem) {
        if self.names().contains(name) { return }
        let known = try await ask { () throws(EnrollmentError) in try await self.ledger.destinations() }
        guard known.contains(where: { $0.name == name }) else {
            throw Problem(.notFound, "There is no destination of that name.")
        }
    }

    private func act(
        _ verb: AdministrativeAct.Verb,
        _ order: OrderBody,
        _ call: APICall
    ) throws(Problem) -> AdministrativeAct {
        let random: [UInt8]
        do throws(EnrollmentError) {
            random = try self.random.octets(TraceID.randomOctets)
        } catch {
            throw Problem(error)
        }
        return AdministrativeAct(
            traceID: TraceID(random: random),
            verb: verb,
            actor: call.caller?.name ?? "unknown",
            reason: order.reason,
            ticket: order.ticket,
            time: call.now
        )
    }

    /// All events of all time are never meant: something has to narrow it.
    private static func selection(_ reader: SettingsReader) throws(Problem) -> EventSelection {
        do throws(SettingsError) {
            var selection = EventSelection()
            let ids = try reader.strings("ids")
            guard ids.count <= self.mostIDs else { throw reader.error("ids", "names more than \(self.mostIDs) events") }
            for text in ids {
                guard let id = DeviceID(text) else { throw reader.error("ids", "\(text) is no UUID") }
                selection.ids.append(id)
            }
            if let text = try reader.string("device") {
                guard let device = DeviceID(text) else { throw reader.error("device", "\(text) is no UUID") }
                selection.device = device
            }
            for text in try reader.strings("kinds") {
                guard let kind = HandOffEvent.Kind(rawValue: text) else {
                    let words = HandOffEvent.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                    throw reader.error("kinds", "\(text) is none of \(words)")
                }
                selection.kinds.insert(kind)
            }
            selection.from = try self.moment("from", reader)
            selection.until = try self.moment("until", reader)
            try reader.finish()
            guard !selection.ids.isEmpty || selection.device != nil || selection.from != nil else {
                throw reader.error("from", "or ids or device has to say which events")
            }
            return selection
        } catch {
            throw Problem(error)
        }
    }

    private static func moment(_ key: String, _ reader: SettingsReader) throws(SettingsError) -> Timestamp? {
        guard let text = try reader.string(key) else { return nil }
        guard let moment = MomentText.read(text) else {
            throw reader.error(key, "\(text) is no moment in UTC such as 2026-11-18T09:12:44Z")
        }
        return moment
    }
}

extension DestinationStanding {
    /// Where one stands that is configured and was not sent to yet: asking about it makes nothing of it.
    fileprivate static func untold(_ name: String, after position: Int64) -> DestinationStanding {
        DestinationStanding(
            name: name,
            state: .active,
            cursor: position,
            failingSince: nil,
            pausedUntil: nil,
            lastError: nil,
            lastDelivered: nil
        )
    }
}

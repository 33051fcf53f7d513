internal import EnrollmentCore

/// The devices there are, and those that nobody has seen since they enrolled.
struct DeviceRoutes: Sendable {
    /// Minutes, at most, of a question about silent devices: thirty days.
    private static let longestSilence = 43_200

    let ledger: any LedgerQueries
    let handOff: any HandOffLedger
    /// Minutes after which a device that was not seen is silent.
    let silentAfterMinutes: Int

    var routes: [APIRoute] {
        [
            APIRoute(
                "GET",
                "/api/v1/devices",
                .scope(.readDevices),
                "listDevices",
                parameters: ["after", "limit", "user", "state"],
                answer: .later(self.list)
            ),
            APIRoute("GET", "/api/v1/devices/{id}", .scope(.readDevices), "getDevice", answer: .later(self.show)),
            APIRoute(
                "GET",
                "/api/v1/silent",
                .scope(.readDevices),
                "listSilentDevices",
                parameters: ["after", "limit", "minutes"],
                answer: .later(self.silent)
            ),
        ]
    }

    @Sendable private func list(_ call: APICall) async throws(Problem) -> APIResponse {
        var query = DeviceQuery(
            state: try call.query.choice("state", DeviceState.self),
            after: call.query["after"],
            limit: try call.query.limit()
        )
        let user = call.query["user"]
        let page = try await ask { () throws(EnrollmentError) -> Page<DeviceRecord> in
            if let user {
                // Who never enrolled has no devices.
                guard let record = try await self.ledger.user(user) else { return Page(elements: [], next: nil) }
                query.userID = record.id
            }
            return try await self.ledger.devices(query)
        }
        return DeviceDocument.page("gatehouse.devices/1", "devices", page, of: call) { json, device in
            DeviceDocument.write(device, to: &json)
        }
    }

    @Sendable private func show(_ call: APICall) async throws(Problem) -> APIResponse {
        guard let id = DeviceID(call.name) else {
            throw Problem(.badRequest, "The path takes a device id, a UUID.")
        }
        let found = try await ask { () throws(EnrollmentError) -> (DeviceRecord, [CertificateRecord])? in
            guard let device = try await self.ledger.device(id) else { return nil }
            return (device, try await self.ledger.certificates(CertificateQuery(device: id, limit: 10)).elements)
        }
        guard let (device, certificates) = found else { throw Problem(.notFound, "There is no device of that id.") }
        var json = JSONText(capacity: 4_096)
        json.object { json in
            json.member("schema", "gatehouse.device-standing/1")
            json.member("device") { DeviceDocument.write(device, to: &$0) }
            json.member("certificates", array: certificates) { json, certificate in
                json.object { DeviceDocument.write(certificate, to: &$0) }
            }
        }
        return .json(json.octets)
    }

    @Sendable private func silent(_ call: APICall) async throws(Problem) -> APIResponse {
        let minutes = try call.query.integer(
            "minutes",
            in: 1...Self.longestSilence,
            default: self.silentAfterMinutes
        )
        let limit = try call.query.limit()
        let page = try await ask { () throws(EnrollmentError) in
            try await self.handOff.silentDevices(
                issuedBefore: call.now.adding(seconds: -Int64(minutes) * 60),
                after: call.query["after"],
                limit: limit
            )
        }
        return DeviceDocument.page("gatehouse.silent/1", "devices", page, of: call) { json, silent in
            DeviceDocument.write(silent.device, to: &json)
            json.member("issued", silent.issued)
            json.member("told", silent.isTold)
        }
    }
}

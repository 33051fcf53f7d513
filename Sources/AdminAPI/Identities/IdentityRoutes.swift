internal import EnrollmentCore

/// Whose a certificate is, and that its device was seen.
struct IdentityRoutes: Sendable {
    let cache: IdentityCache
    let devices: any DeviceLedger

    var routes: [APIRoute] {
        [
            APIRoute(
                "GET",
                "/api/v1/identities/{sha256}",
                .scope(.readIdentities),
                "getIdentity",
                answer: .eitherWay(atOnce: self.kept, later: self.lookUp)
            ),
            APIRoute(
                "POST",
                "/api/v1/identities/{sha256}/contact",
                .scope(.confirmContact),
                "confirmContact",
                answer: .later(self.confirm)
            ),
        ]
    }

    private static func thumbprint(_ call: APICall) throws(Problem) -> Thumbprint {
        guard let thumbprint = Thumbprint(hexadecimal: call.name) else {
            throw Problem(.badRequest, "The path takes a certificate's SHA-256: 64 hexadecimal digits.")
        }
        return thumbprint
    }

    @Sendable private func kept(_ call: APICall) throws(Problem) -> APIResponse? {
        let thumbprint = try Self.thumbprint(call)
        return self.cache.kept(thumbprint, at: call.now).map { .json($0.document(of: thumbprint, at: call.now)) }
    }

    @Sendable private func lookUp(_ call: APICall) async throws(Problem) -> APIResponse {
        let thumbprint = try Self.thumbprint(call)
        let answer = try await ask { () throws(EnrollmentError) in try await self.cache.look(up: thumbprint) }
        return .json(answer.document(of: thumbprint, at: call.now))
    }

    /// Says that the management server saw the device with that certificate; as often as one likes.
    @Sendable private func confirm(_ call: APICall) async throws(Problem) -> APIResponse {
        let thumbprint = try Self.thumbprint(call)
        let contact = Contact(thumbprint: thumbprint.octets, witness: .managementServer, time: call.now)
        let outcome = try await ask { () throws(EnrollmentError) in try await self.devices.note(contact) }
        switch outcome {
        case .noted(let device, let isFirst):
            var json = JSONText()
            json.object { json in
                json.member("schema", "gatehouse.contact-report/1")
                json.member("device", "\(device)")
                json.member("first", isFirst)
            }
            return .json(json.octets)
        case .notCurrent(let device):
            throw Problem(
                .conflict,
                "The certificate is superseded, revoked, on hold or ended, or its device is gone: nothing was noted.",
                members: device.map { [("device", "\($0)")] } ?? []
            )
        case .unknown:
            throw Problem(.notFound, "No device of ours holds or held that certificate.")
        }
    }
}

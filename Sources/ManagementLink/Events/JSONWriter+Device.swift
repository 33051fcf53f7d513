internal import EnrollmentCore

extension JSONWriter {
    /// Members of an event about a device.
    mutating func device(_ event: FeedEvent) {
        self.member("generation", event.event.generation)
        let claims = event.certificate?.claims
        self.facts(event, claims)
        self.user(event)
        if let certificate = event.certificate { self.certificate(certificate) }
        switch event.event.kind {
        case .enrolled, .renewed:
            self.predecessor(event.predecessor)
            if let claims { self.context(claims.items) }
            self.attributes(event.details)
        default: break
        }
        if let act = event.act { self.order(act) }
        self.details(event.details)
    }

    private mutating func facts(_ event: FeedEvent, _ claims: DeviceClaims?) {
        let device = event.device
        self.object("device") { writer in
            if let id = event.event.device { writer.member("id", id) } else { writer.null("id") }
            writer.member("name", claims?.deviceName ?? device?.name)
            writer.member("claimedDeviceId", claims?.deviceID ?? device?.claimedDeviceID)
            // Compared in lower case everywhere; the context items have it as received.
            writer.member("hardwareId", claims?.hardwareID?.lowercased() ?? device?.hardwareID)
            writer.member("enrollmentType", (claims?.enrollmentType ?? device?.enrollmentType)?.rawValue)
            writer.member("providerId", device?.providerID)
            writer.member("ownership", (device?.ownership ?? .unstated).rawValue)
            writer.member("ownershipRule", device.flatMap { $0.ownershipRule.isEmpty ? nil : $0.ownershipRule })
            writer.member("firstEnrolled", device?.firstEnrolled)
        }
    }

    private mutating func user(_ event: FeedEvent) {
        let proof = event.certificate
        self.object("user") { writer in
            writer.member("id", proof?.userID ?? event.device?.userID)
            writer.member("principalName", proof?.userPrincipalName ?? event.device?.userPrincipalName)
            writer.member("authenticatedBy", proof?.credentialKind)
            writer.member("directory", proof?.source)
        }
    }

    private mutating func certificate(_ certificate: ProvenCertificate) {
        self.object("certificate") { writer in
            writer.member("serialNumber", hexadecimal: certificate.serialNumber.octets)
            writer.member("issuer", certificate.issuerID)
            writer.member("notBefore", certificate.notBefore)
            writer.member("notAfter", certificate.notAfter)
            writer.member("sha256", hexadecimal: certificate.thumbprint)
            writer.member("sha1", hexadecimal: certificate.windowsThumbprint)
            writer.member("keyProtection", certificate.protection.rawValue)
        }
    }

    private mutating func predecessor(_ certificate: ProvenCertificate?) {
        guard let certificate else { return self.null("predecessor") }
        self.object("predecessor") { writer in
            writer.member("serialNumber", hexadecimal: certificate.serialNumber.octets)
            writer.member("issuer", certificate.issuerID)
            writer.member("sha256", hexadecimal: certificate.thumbprint)
        }
    }

    /// As received: order and repeated names kept, hence a list.
    private mutating func context(_ items: [DeviceClaims.Item]) {
        self.array("context") { writer in
            for item in items {
                writer.object { writer in
                    writer.member("name", item.name)
                    writer.member("value", item.value)
                }
            }
        }
    }

    private mutating func attributes(_ details: [Fact]) {
        self.object("attributes") { writer in
            for detail in details where detail.name.hasPrefix(FeedEvent.attributePrefix) {
                writer.member(named: String(detail.name.dropFirst(FeedEvent.attributePrefix.count)), detail.value)
            }
        }
    }

    private mutating func details(_ details: [Fact]) {
        self.object("details") { writer in
            for detail in details where !detail.name.hasPrefix(FeedEvent.attributePrefix) {
                writer.member(named: detail.name, detail.value)
            }
        }
    }

    private mutating func order(_ act: AdministrativeAct) {
        self.object("order") { writer in
            writer.member("trace", "\(act.traceID)")
            writer.member("action", act.verb.rawValue)
            writer.member("actor", act.actor)
            writer.member("reason", act.reason)
            writer.member("ticket", act.ticket)
            writer.member("time", act.time)
        }
    }

    /// The account by which the device and its management server know each other.
    mutating func account(_ told: DisclosedAccount, of event: FeedEvent, _ servers: [String: ManagementServer]) {
        let server = event.device.flatMap { servers[$0.providerID] }
        self.object("account") { writer in
            writer.member("providerId", event.device?.providerID)
            writer.member("name", server?.name)
            writer.array("addresses") { writer in
                for address in server?.addresses ?? [] { writer.element(address) }
            }
            writer.member("clientName", told.account.clientName)
            writer.member("clientNonce", told.account.clientNonce)
            writer.member("serverNonce", told.account.serverNonce)
            writer.member("secrets", told.secrets ?? "omitted")
        }
    }
}

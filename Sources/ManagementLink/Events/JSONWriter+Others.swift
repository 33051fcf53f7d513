internal import EnrollmentCore

extension JSONWriter {
    /// Members of an event about a device that a user's limit kept out.
    mutating func limitRefused(_ event: FeedEvent) {
        let attempt = event.attempt
        func fact(_ name: String) -> String? { attempt?.facts.first { $0.name == name }?.value }
        self.object("user") { writer in
            writer.member("id", attempt?.userID ?? event.subject)
            // As typed: an event about no device has no record of what the directory made of it.
            writer.member("claimedName", attempt?.claimedName)
        }
        self.object("limit") { writer in
            if let allowed = fact("allowed").flatMap({ Int($0) }) {
                writer.member("allowed", allowed)
            } else {
                writer.null("allowed")
            }
            writer.member("counted", attempt?.counted.count ?? 0)
            writer.member("rule", fact("limit from"))
            writer.array("devices") { writer in
                for device in attempt?.counted ?? [] {
                    writer.object { writer in
                        writer.member("id", device.device)
                        writer.member("name", device.name)
                        writer.member("state", device.state.rawValue)
                        writer.member("lastProvenContact", device.lastProvenContact)
                        writer.member("certificateEnds", device.certificateEnds)
                    }
                }
            }
        }
        self.object("claims") { writer in
            writer.member("deviceId", attempt?.claimedDeviceID)
            writer.member("hardwareId", attempt?.hardwareID)
            writer.member("name", attempt?.deviceName)
            writer.member("osVersion", attempt?.osVersion)
        }
        self.member("sourceAddress", attempt?.sourceAddress)
    }

    /// Members of an event about an issuer.
    mutating func issuer(_ issuer: IssuerAnnouncement) {
        self.object("issuer") { writer in
            writer.member("id", issuer.id)
            writer.member("role", issuer.role.rawValue)
            writer.member("subject", issuer.subject)
            writer.member("notBefore", issuer.notBefore)
            writer.member("notAfter", issuer.notAfter)
            writer.member("sha256", issuer.thumbprint)
            writer.member("certificate", issuer.certificate)
        }
    }
}

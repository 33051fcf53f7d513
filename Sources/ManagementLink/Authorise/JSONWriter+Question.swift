internal import EnrollmentCore

extension JSONWriter {
    /// Members of the question whether a device may have a certificate.
    mutating func question(_ question: AuthorisationQuestion) {
        self.member("schema", "gatehouse.authorise/1")
        self.member("operation", question.operation.rawValue)
        self.member("trace", "\(question.traceID)")
        self.member("sourceAddress", question.sourceAddress)
        self.object("user") { writer in
            writer.member("id", question.user.id)
            writer.member("principalName", question.user.principalName)
            writer.member("displayName", question.user.displayName)
            writer.member("mail", question.user.mail)
            writer.member("authenticatedBy", question.credentialKind)
            writer.member("directory", question.user.source)
            writer.array("groups") { writer in
                for group in question.user.groups { writer.element(group.text) }
            }
        }
        self.object("device") { writer in
            if let device = question.device { writer.member("id", device) } else { writer.null("id") }
            writer.member("name", question.claims.deviceName)
            writer.member("claimedDeviceId", question.claims.deviceID)
            writer.member("hardwareId", question.claims.hardwareID?.lowercased())
            writer.member("enrollmentType", question.claims.enrollmentType.rawValue)
        }
        self.object("terms") { writer in
            writer.member("providerId", question.terms.providerID)
            writer.member("ownership", question.terms.ownership.rawValue)
            writer.member("ownershipRule", question.terms.ownershipRule.isEmpty ? nil : question.terms.ownershipRule)
        }
        self.array("context") { writer in
            for item in question.claims.items {
                writer.object { writer in
                    writer.member("name", item.name)
                    writer.member("value", item.value)
                }
            }
        }
    }
}

internal import EnrollmentCore

/// Devices and their certificates as documents.
enum DeviceDocument {
    static func write(_ device: DeviceRecord, to json: inout JSONText) {
        json.member("id", "\(device.device)")
        json.member("state", device.state.rawValue)
        json.member("name", device.name)
        json.member("user", device.userPrincipalName)
        json.member("userId", device.userID)
        json.member("enrollmentType", device.enrollmentType.rawValue)
        json.member("claimedDeviceId", device.claimedDeviceID)
        json.member("hardwareId", optional: device.hardwareID)
        json.member("osVersion", optional: device.osVersion)
        json.member("model", optional: device.model)
        json.member("shared", device.isShared)
        json.member("generation", device.generation)
        json.member("firstEnrolled", device.firstEnrolled)
        json.member("lastProvenContact", device.lastProvenContact)
        json.member("certificateSerial", optional: device.certificateSerial.map { "\($0)" })
        json.member("certificateEnds", optional: device.certificateEnds)
    }

    static func write(_ certificate: CertificateRecord, to json: inout JSONText) {
        json.member("serialNumber", "\(certificate.serialNumber)")
        json.member("issuer", certificate.issuerID)
        json.member("state", certificate.state.rawValue)
        json.member("notBefore", certificate.notBefore)
        json.member("notAfter", certificate.notAfter)
        json.member("sha256", optional: certificate.thumbprint.map { Hexadecimal.encode($0) })
        json.member("seen", optional: certificate.seen)
        json.member("supersedeAfter", optional: certificate.supersedeAfter)
    }

    /// One page of a list, with what continues it in the document and in a `Link` field (RFC 8288).
    static func page<Element>(
        _ schema: String,
        _ name: String,
        _ page: Page<Element>,
        of call: APICall,
        _ body: (inout JSONText, Element) -> Void
    ) -> APIResponse {
        var json = JSONText(capacity: 4_096)
        json.object { json in
            json.member("schema", schema)
            json.member(name, array: page.elements) { json, element in
                json.object { body(&$0, element) }
            }
            json.member("next", optional: page.next)
        }
        var response = APIResponse.json(json.octets)
        if let next = page.next {
            // Everything else of the query stays as it was sent.
            let others = call.request.query?.split(separator: "&").filter { !$0.hasPrefix("after=") } ?? []
            let query = (others.map(String.init) + ["after=\(HeaderText.queryValue(next))"]).joined(separator: "&")
            response.headers.append(("Link", "<\(HeaderText.encode(call.request.path))?\(query)>; rel=\"next\""))
        }
        return response
    }
}

package import EnrollmentCore

/// What is said of a certificate, ready to be sent but for what changes with time.
package enum IdentityAnswer: Sendable {
    case known(KeptIdentity)
    case unknown

    package func verdict(at now: Timestamp) -> IdentityVerdict {
        switch self {
        case .known(let identity): identity.standing.verdict(at: now)
        case .unknown: .unknown
        }
    }

    /// The document `gatehouse.identity/1`.
    package func document(of thumbprint: Thumbprint, at now: Timestamp) -> [UInt8] {
        let verdict = self.verdict(at: now).rawValue
        let rest: [UInt8] =
            switch self {
            case .known(let identity): identity.document
            case .unknown: Self.nothing
            }
        var document: [UInt8] = []
        document.reserveCapacity(Self.begin.count + 64 + Self.middle.count + verdict.utf8.count + 1 + rest.count)
        document += Self.begin
        document += Hexadecimal.encode(thumbprint.octets).utf8
        document += Self.middle
        document += verdict.utf8
        document.append(UInt8(ascii: "\""))
        document += rest
        return document
    }

    private static let begin = Array(#"{"schema":"gatehouse.identity/1","sha256":""#.utf8)
    private static let middle = Array(#"","identity":""#.utf8)
    private static let nothing = Array(#","certificate":null,"revocation":null,"device":null}"#.utf8)
}

/// A certificate of ours with everything that is said of it, in about 1 kB.
///
/// Of the device only what changes with an event is in it, or seldom: its state is another question's.
package final class KeptIdentity: Sendable {
    package let standing: IdentityStanding
    /// When the ledger said so.
    let read: Timestamp
    /// The document from behind what the certificate is worth.
    let document: [UInt8]
    /// For header fields.
    let device: String
    let user: String
    let serialNumber: String

    /// - Parameters:
    ///   - record: As the ledger has it.
    ///   - now: Not after the moment at which it was read.
    package init(_ record: IdentityRecord, at now: Timestamp) {
        self.standing = record.standing
        self.read = now
        self.device = "\(record.device.device)"
        self.user = HeaderText.encode(record.device.userPrincipalName)
        self.serialNumber = "\(record.certificate.serialNumber)"
        var json = JSONText(capacity: 1_024)
        json.object { json in
            json.member("certificate") { Self.write(record.certificate, to: &$0) }
            if let revocation = record.revocation {
                json.member("revocation") { json in
                    json.member("reason", revocation.reason.name)
                    json.member("time", revocation.revoked)
                }
            } else {
                json.member("revocation", optional: String?.none)
            }
            json.member("device") { Self.write(record.device, to: &$0) }
        }
        // Stands behind other members.
        self.document = [UInt8(ascii: ",")] + json.octets.dropFirst()
    }

    private static func write(_ certificate: ProvenCertificate, to json: inout JSONText) {
        json.member("serialNumber", "\(certificate.serialNumber)")
        json.member("issuer", certificate.issuerID)
        json.member("notBefore", certificate.notBefore)
        json.member("notAfter", certificate.notAfter)
        json.member("sha1", optional: certificate.windowsThumbprint.map { Hexadecimal.encode($0) })
        json.member("keyProtection", certificate.protection.rawValue)
        json.member("credential", certificate.credentialKind)
        json.member("user", certificate.userPrincipalName)
        json.member("userId", certificate.userID)
        json.member("source", certificate.source)
    }

    private static func write(_ device: DeviceFacts, to json: inout JSONText) {
        json.member("id", "\(device.device)")
        json.member("name", device.name)
        json.member("user", device.userPrincipalName)
        json.member("userId", device.userID)
        json.member("enrollmentType", device.enrollmentType.rawValue)
        json.member("claimedDeviceId", device.claimedDeviceID)
        json.member("hardwareId", optional: device.hardwareID)
        json.member("providerId", device.providerID)
        json.member("ownership", device.ownership.rawValue)
        json.member("ownershipRule", device.ownershipRule)
        json.member("firstEnrolled", device.firstEnrolled)
        json.member("certificateSerial", optional: device.currentSerial.map { "\($0)" })
    }
}

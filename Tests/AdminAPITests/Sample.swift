import AdminAPI
import EnrollmentCore
import EnrollmentTestKit

/// Things as the ledger would give them.
enum Sample {
    static let now = ManualClock().now

    static func serial(_ number: UInt8) -> SerialNumber {
        SerialNumber(node: 1, random: [UInt8](repeating: number, count: 16))
    }

    static func deviceID(_ number: UInt8) -> DeviceID { DeviceID(random: [UInt8](repeating: number, count: 16)) }

    static func thumbprint(_ number: UInt8) -> [UInt8] { [UInt8](repeating: number, count: 32) }

    static func proven(_ number: UInt8) -> ProvenCertificate {
        ProvenCertificate(
            serialNumber: self.serial(number),
            issuerID: "issuing-1",
            notBefore: self.now.adding(seconds: -3_600),
            notAfter: self.now.adding(days: 30),
            thumbprint: self.thumbprint(number),
            windowsThumbprint: [UInt8](repeating: number, count: 20),
            protection: .hardware,
            credentialKind: "password",
            userID: "u-1",
            userPrincipalName: "kim@corp.example",
            source: "ldaps://dc1.corp.example",
            claims: nil
        )
    }

    static func facts(_ number: UInt8, state: DeviceState = .active, user: String = "kim@corp.example") -> DeviceFacts {
        DeviceFacts(
            device: self.deviceID(number),
            state: state,
            name: "DESKTOP-\"7F3A\"",
            claimedDeviceID: "C0FFEE",
            hardwareID: nil,
            enrollmentType: .full,
            providerID: "Gatehouse",
            ownership: .corporate,
            ownershipRule: "default",
            userID: "u-1",
            userPrincipalName: user,
            firstEnrolled: self.now.adding(days: -1),
            currentSerial: self.serial(number)
        )
    }

    static func identity(
        _ number: UInt8,
        state: CertificateState = .issued,
        reason: RevocationReason? = nil,
        device: DeviceState = .active,
        user: String = "kim@corp.example"
    ) -> IdentityRecord {
        IdentityRecord(
            certificate: self.proven(number),
            state: state,
            revocation: reason.map {
                Revocation(serialNumber: self.serial(number), issuerID: "issuing-1", reason: $0, revoked: self.now)
            },
            device: self.facts(number, state: device, user: user)
        )
    }

    static func event(_ position: Int64, _ kind: HandOffEvent.Kind = .enrolled) -> FeedEvent {
        let number = UInt8(truncatingIfNeeded: position)
        return FeedEvent(
            position: position,
            event: HandOffEvent(
                id: self.deviceID(number),
                kind: kind,
                device: self.deviceID(number),
                generation: 1,
                serialNumber: self.serial(number)
            ),
            recorded: self.now,
            traceID: nil
        )
    }

    static func standing(_ name: String) -> DestinationStanding {
        DestinationStanding(
            name: name,
            state: .active,
            cursor: 0,
            failingSince: nil,
            pausedUntil: nil,
            lastError: nil,
            lastDelivered: nil
        )
    }

    static func device(_ number: UInt8, state: DeviceState = .active) -> DeviceRecord {
        DeviceRecord(
            device: self.deviceID(number),
            state: state,
            userID: "u-\(number)",
            userPrincipalName: "user\(number)@corp.example",
            name: "DESKTOP-\(number)",
            enrollmentType: .device,
            hardwareID: "ab",
            claimedDeviceID: "C0FFEE",
            osVersion: "10.0.26200.1",
            model: nil,
            isShared: false,
            generation: 1,
            firstEnrolled: self.now,
            lastProvenContact: self.now,
            certificateSerial: self.serial(number),
            certificateEnds: self.now.adding(days: 30),
            conflicts: []
        )
    }

    static func certificate(of device: DeviceID?) -> CertificateRecord {
        CertificateRecord(
            serialNumber: self.serial(1),
            issuerID: "issuing-1",
            state: .issued,
            profile: "device/1",
            device: device,
            subject: "CN=x",
            notBefore: self.now,
            notAfter: self.now.adding(days: 30),
            recorded: self.now,
            toBeSignedDigest: [],
            toBeSigned: [],
            keyDigest: [],
            der: nil,
            thumbprint: self.thumbprint(1),
            reason: nil
        )
    }

    /// A token and what the ledger keeps of it.
    static func token(
        _ number: UInt8,
        scopes: Set<APIScope>,
        expires: Timestamp = now.adding(days: 1)
    ) throws(EnrollmentError) -> (secret: TokenSecret, record: APIToken) {
        let secret = TokenSecret(random: (0..<TokenSecret.randomOctets).map { UInt8($0) &+ number })
        let record = APIToken(
            id: secret.id,
            digest: try secret.digest(),
            name: "token-\(number)",
            owner: "tests",
            scopes: scopes,
            created: self.now,
            expires: expires
        )
        return (secret, record)
    }
}

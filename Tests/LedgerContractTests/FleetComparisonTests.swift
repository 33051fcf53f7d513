import EnrollmentCore
import Foundation
import Ledger
import Testing

@Suite("A comparison of a fleet with what a management server says")
struct FleetComparisonTests {
    private static let now = Timestamp(seconds: 1_795_000_000)

    private static func comparison() throws -> FleetComparison {
        try FleetComparison(enrolledBefore: Self.now.adding(seconds: -900), seenAfter: Self.now.adding(days: -30))
    }

    private static func id(_ number: UInt8) -> DeviceID {
        DeviceID(random: [UInt8](repeating: number, count: 16))
    }

    private static func serial(_ number: UInt8) -> SerialNumber {
        SerialNumber(node: 1, random: [UInt8](repeating: number, count: SerialNumber.randomOctets))
    }

    private static func thumbprint(_ number: UInt8) -> [UInt8] { [UInt8](repeating: number, count: 32) }

    private static func device(
        _ number: UInt8,
        _ state: DeviceState = .active,
        enrolled: Timestamp? = nil,
        contact: Timestamp? = nil
    ) -> DeviceRecord {
        DeviceRecord(
            device: Self.id(number),
            state: state,
            userID: "user-\(number)",
            userPrincipalName: "Kim\(number)@corp.example",
            name: "DESKTOP-\(number)",
            enrollmentType: .full,
            hardwareID: nil,
            claimedDeviceID: "CLIENT-\(number)",
            osVersion: nil,
            model: nil,
            isShared: false,
            generation: 1,
            firstEnrolled: enrolled ?? Self.now.adding(days: -100),
            lastProvenContact: contact ?? Self.now.adding(days: -1),
            certificateSerial: Self.serial(number),
            certificateEnds: Self.now.adding(days: 200),
            conflicts: []
        )
    }

    private static func certificate(_ number: UInt8, of device: UInt8, thumbprint: UInt8) -> CertificateRecord {
        CertificateRecord(
            serialNumber: Self.serial(number),
            issuerID: "2026-a",
            state: .issued,
            profile: "device/1",
            device: Self.id(device),
            subject: "CN=x",
            notBefore: Self.now,
            notAfter: Self.now,
            recorded: Self.now,
            toBeSignedDigest: [],
            toBeSigned: [],
            keyDigest: [],
            der: [],
            thumbprint: Self.thumbprint(thumbprint),
            reason: nil
        )
    }

    private static func found(
        _ comparison: FleetComparison,
        _ kind: Discrepancy.Kind
    ) throws -> [Discrepancy] {
        let findings = try comparison.findings(of: kind, limit: 100)
        #expect(try comparison.count(of: kind) == findings.count)
        #expect(findings.allSatisfy { $0.kind == kind })
        return findings
    }

    @Test("finds nothing where all agree, whichever name a line goes by")
    func agreement() throws {
        let comparison = try Self.comparison()
        for number in UInt8(1)...4 {
            try comparison.add(Self.device(number))
            try comparison.add(Self.certificate(number, of: number, thumbprint: number))
        }
        try comparison.add(ToldDevice(line: 1, device: Self.id(1), user: "KIM1@corp.example"))
        try comparison.add(ToldDevice(line: 2, thumbprint: Self.thumbprint(2)))
        try comparison.add(ToldDevice(line: 3, claimedDeviceID: "client-3"))
        try comparison.add(ToldDevice(line: 4, thumbprint: Self.thumbprint(4), device: Self.id(4), lastSeen: Self.now))
        try comparison.match()
        for kind in Discrepancy.Kind.allCases { #expect(try Self.found(comparison, kind).isEmpty, "\(kind)") }
        #expect(try comparison.size() == (live: 4, told: 4))
        #expect(try comparison.users(after: "", limit: 2) == ["user-1", "user-2"])
        #expect(try comparison.users(after: "user-2", limit: 100) == ["user-3", "user-4"])
    }

    @Test("finds each kind of disagreement")
    func disagreements() throws {
        let comparison = try Self.comparison()
        try comparison.add(Self.device(1))
        try comparison.add(Self.device(2, .reset))
        try comparison.add(Self.device(3))
        try comparison.add(Self.device(4, .held))
        try comparison.add(Self.device(5, .reserved))
        // Enrolled a minute ago: the server may not have heard of it yet.
        try comparison.add(Self.device(6, .issued, enrolled: Self.now.adding(seconds: -60)))
        try comparison.add(Self.certificate(3, of: 3, thumbprint: 3))
        try comparison.add(Self.certificate(30, of: 3, thumbprint: 30))
        try comparison.add(ToldDevice(line: 1, device: Self.id(2)))
        try comparison.add(ToldDevice(line: 2, thumbprint: Self.thumbprint(30), user: "sam@corp.example"))
        try comparison.add(ToldDevice(line: 3, thumbprint: Self.thumbprint(99)))
        try comparison.add(ToldDevice(line: 4, claimedDeviceID: "CLIENT-3"))
        try comparison.match()
        try comparison.note(absent: "user-1", isGone: true, detail: "gone")
        try comparison.note(absent: "user-4", isGone: false, detail: "disabled")
        try comparison.note(absent: "user-2", isGone: true, detail: "gone")

        #expect(try Self.found(comparison, .missing).map(\.device) == [Self.id(1), Self.id(4)])
        let ended = try Self.found(comparison, .ended)
        #expect(ended.map(\.line) == [1])
        #expect(ended.map(\.state) == [.reset])
        let unknown = try Self.found(comparison, .unknown)
        #expect(unknown.map(\.line) == [3])
        #expect(unknown.first?.device == nil)
        let other = try Self.found(comparison, .otherCertificate)
        #expect(other.map(\.line) == [2])
        #expect(other.first?.current == Self.thumbprint(3))
        #expect(other.first?.told == Self.thumbprint(30))
        #expect(try Self.found(comparison, .otherUser).map(\.toldUser) == ["sam@corp.example"])
        #expect(try Self.found(comparison, .repeated).map(\.line) == [4])
        #expect(try Self.found(comparison, .userGone).map(\.device) == [Self.id(1)])
        #expect(try Self.found(comparison, .userDisabled).map(\.detail) == ["disabled"])
    }

    @Test("takes a device for silent when neither side saw it for long")
    func silence() throws {
        let comparison = try Self.comparison()
        let long = Self.now.adding(days: -60)
        try comparison.add(Self.device(1, .handedOff, contact: Self.now))
        try comparison.add(Self.device(2, .active, contact: long))
        try comparison.add(Self.device(3, .active, contact: long))
        try comparison.add(Self.device(4, .active, contact: Self.now))
        try comparison.add(Self.device(5, .issued, enrolled: Self.now.adding(days: -3)))
        try comparison.add(ToldDevice(line: 1, device: Self.id(2), lastSeen: Self.now.adding(days: -2)))
        try comparison.add(ToldDevice(line: 2, device: Self.id(3), lastSeen: long))
        try comparison.match()
        #expect(try Self.found(comparison, .silent).map(\.device) == [Self.id(1), Self.id(3)])
    }

    @Test("misses no device of another management server, and names those that this one still has")
    func otherServers() throws {
        let comparison = try Self.comparison()
        let long = Self.now.adding(days: -60)
        try comparison.add(Self.device(1))
        try comparison.add(Self.device(2, contact: long), isElsewhere: true)
        try comparison.add(Self.device(3), isElsewhere: true)
        try comparison.add(Self.device(4, .reset), isElsewhere: true)
        try comparison.add(Self.certificate(3, of: 3, thumbprint: 3))
        try comparison.add(
            ToldDevice(line: 1, thumbprint: Self.thumbprint(9), device: Self.id(3), user: "sam@corp.example")
        )
        try comparison.add(ToldDevice(line: 2, device: Self.id(4)))
        try comparison.match()
        try comparison.note(absent: "user-2", isGone: true, detail: "gone")
        #expect(try Self.found(comparison, .missing).map(\.device) == [Self.id(1)])
        #expect(try Self.found(comparison, .elsewhere).map(\.line) == [1])
        #expect(try Self.found(comparison, .ended).map(\.line) == [2])
        for kind in [Discrepancy.Kind.silent, .userGone, .otherCertificate, .otherUser, .unknown] {
            #expect(try Self.found(comparison, kind).isEmpty, "\(kind)")
        }
        #expect(try comparison.size() == (live: 1, told: 2))
        #expect(try comparison.users(after: "", limit: 100) == ["user-1"])
    }

    @Test("gives its findings in parts, and leaves no file behind")
    func parts() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "comparison-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // Left behind at worst.
        defer { try? FileManager.default.removeItem(at: folder) }
        let comparison = try FleetComparison(enrolledBefore: Self.now, seenAfter: Self.now, folder: folder.path)
        for number in UInt8(1)...20 { try comparison.add(Self.device(number)) }
        try comparison.match()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        var seen: [DeviceID?] = []
        while true {
            let part = try comparison.findings(of: .missing, skipping: seen.count, limit: 7)
            if part.isEmpty { break }
            #expect(part.count <= 7)
            seen += part.map(\.device)
        }
        #expect(Set(seen).count == 20)
        #expect(try comparison.count(of: .missing) == 20)
    }

    @Test("says so when there is no place for its file")
    func noPlace() {
        #expect(throws: EnrollmentError.self) {
            try FleetComparison(enrolledBefore: Self.now, seenAfter: Self.now, folder: "/nowhere")
        }
    }
}

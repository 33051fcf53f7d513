import EnrollmentCore
import Testing

@Suite("What a device is recognized by")
struct RecognitionKeyTests {
    private static let own = "6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1"

    private func claims(hardware: String?, own: String? = nil, deviceID: String = "CLIENT-ID") -> DeviceClaims {
        var items: [DeviceClaims.Item] = []
        if let hardware { items.append(DeviceClaims.Item(name: "HWDevID", value: hardware)) }
        if let own { items.append(DeviceClaims.Item(name: "EmmDeviceId", value: own)) }
        return DeviceClaims(deviceID: deviceID, enrollmentType: .full, items: items)
    }

    @Test("is the hardware first, then our own id")
    func order() throws {
        let claims = self.claims(hardware: "ABCDEF01", own: "{\(Self.own.uppercased())}")
        #expect(claims.recognitionKeys == [.hardware("abcdef01"), .device(try #require(DeviceID(Self.own)))])
    }

    @Test("is the client's own id only where no usable hardware id came", arguments: [nil, "", "0000", "FFFF"])
    func fallsBack(hardware: String?) {
        #expect(self.claims(hardware: hardware).recognitionKeys == [.enrollment("client-id")])
    }

    @Test(
        "is never a placeholder, which is one symbol over and over in any case",
        arguments: [
            ("0", true), ("00000000", true), ("ffffffff", true), ("fFfFfFfF", true), ("a1", false), ("00000001", false),
        ]
    )
    func placeholders(hardware: String, isPlaceholder: Bool) {
        let claims = self.claims(hardware: hardware)
        #expect(claims.hasPlaceholderHardwareID == isPlaceholder)
        #expect((claims.usableHardwareID == nil) == isPlaceholder)
    }

    @Test("is nothing when nothing came; an absent hardware id is no placeholder")
    func nothing() {
        let claims = self.claims(hardware: nil, own: "not a uuid", deviceID: "")
        #expect(claims.recognitionKeys.isEmpty)
        #expect(!claims.hasPlaceholderHardwareID)
    }

    @Test("is the first hardware id of several that is not empty")
    func first() {
        let items = ["", "AB", "CD"].map { DeviceClaims.Item(name: "HWDevID", value: $0) }
        let claims = DeviceClaims(deviceID: "x", enrollmentType: .device, items: items)
        #expect(claims.recognitionKeys == [.hardware("ab")])
    }
}

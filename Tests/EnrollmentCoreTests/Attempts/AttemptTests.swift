import EnrollmentCore
import Testing

@Suite("Attempt")
struct AttemptTests {
    private static let claims: [any WritableKeyPath<Attempt, String?> & Sendable] = [
        \.claimedName, \.claimedDeviceID, \.hardwareID, \.deviceName, \.osVersion,
    ]

    /// Without anything claimed unless told.
    private func attempt(claimedName: String? = nil, claims: DeviceClaims? = nil) -> Attempt {
        Attempt(
            traceID: TraceID(random: [UInt8](1...11)),
            operation: .enrollment,
            started: Timestamp(seconds: 1_800_000_000),
            sourceAddress: "192.0.2.7",
            claimedName: claimedName,
            claims: claims
        )
    }

    @Test("a claim beyond 256 characters is cut, however it comes in", arguments: ["x", "ü", "e\u{301}", "👩‍💻"])
    func cuts(_ character: String) {
        let long = String(repeating: character, count: 300)
        let claims = DeviceClaims(
            deviceID: long,
            enrollmentType: .full,
            items: ["HWDevID", "DeviceName", "OSVersion"].map { DeviceClaims.Item(name: $0, value: long) }
        )
        let made = self.attempt(claimedName: long, claims: claims)
        for claim in Self.claims {
            #expect(made[keyPath: claim]?.unicodeScalars.elementsEqual(long.unicodeScalars.prefix(256)) == true)
            var changed = self.attempt()
            changed[keyPath: claim] = long
            #expect(changed[keyPath: claim] == made[keyPath: claim])
        }
    }

    @Test("a claim of up to 256 characters is kept as it is", arguments: ["", "ada@example.net", "ü"])
    func keeps(_ text: String) {
        let claim = text == "ü" ? String(repeating: text, count: 256) : text
        #expect(self.attempt(claimedName: claim).claimedName == claim)
        #expect(self.attempt().claimedName == nil)
    }
}

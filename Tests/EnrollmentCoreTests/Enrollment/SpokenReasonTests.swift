import EnrollmentCore
import Testing

@Suite("A reason that somebody outside gives")
struct SpokenReasonTests {
    private static func shown(_ reason: String?) -> String? {
        EnrollmentError(.denied, "The hook said no.", rule: "authorise.denied", reasonForUser: reason).reasonForUser
    }

    @Test(
        "is one line without control characters, and none at all where nothing is left",
        arguments: [
            ("Only laptops are allowed.", "Only laptops are allowed."),
            ("  two\r\n lines\tand\u{0}more  ", "two lines and more"),
            ("nach\u{2028}außen \u{202E}tfel\u{202C} \u{2066}x\u{2069}", "nach außen tfel x"),
            ("zero\u{FFFF}width\u{E000}", "zerowidth"),
            ("👩‍💻 ja", "👩‍💻 ja"),
            ("\n\u{7}\u{202E}", nil),
            ("", nil),
        ] as [(String, String?)]
    )
    func cleaned(given: String, expected: String?) {
        #expect(Self.shown(given) == expected)
    }

    @Test("is at most 300 scalars, however they are joined")
    func bounded() {
        #expect(Self.shown(String(repeating: "ab ", count: 200))?.unicodeScalars.count == 299)
        #expect(Self.shown("e" + String(repeating: "\u{301}", count: 1_000))?.unicodeScalars.count == 300)
    }

    @Test("is kept with the attempt")
    func kept() {
        var attempt = Attempt(
            traceID: TraceID(random: [UInt8](repeating: 1, count: TraceID.randomOctets)),
            operation: .enrollment,
            started: Timestamp(seconds: 1),
            sourceAddress: "192.0.2.7"
        )
        attempt.refuse(
            EnrollmentError(
                .denied,
                "No.",
                rule: "authorise.denied",
                facts: [Fact("asked", "https://hook.example")],
                reasonForUser: "Only\nlaptops."
            ),
            at: Timestamp(seconds: 2)
        )
        #expect(
            attempt.facts == [Fact("asked", "https://hook.example"), Fact(Attempt.spokenReason, "Only laptops.")]
        )
    }
}

import EnrollmentTestKit
import Testing

@Suite("Look-up commands", .timeLimit(.minutes(2)))
struct LookUpTests {
    @Test(
        "refuse a page larger than there is and a key that no page gave as a wrong use",
        arguments: [["--limit", "1001"], ["--limit", "0"], ["--limit", "-1"], ["--after", "rubbish"]]
    )
    func wrongUse(_ options: [String]) async throws {
        try await RunningGatehouse.serve { gatehouse in
            for noun in ["attempt", "cert", "device"] {
                // With an equals sign, or a negative number would pass for an option.
                let outcome = try await gatehouse.place.command([noun, "list", options.joined(separator: "=")])
                #expect(outcome.status == 2, "\(noun): \(outcome.output)")
                #expect(outcome.output.contains("error GH-"), "\(outcome.output)")
            }
        }
    }
}

import EnrollmentTestKit
import Foundation
import Testing

@Suite("The example receiver")
struct ExampleReceiverTests {
    @Test("passes its own tests")
    func unitTests() async throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Examples/receiver")
        let tests = try await ExternalCommand.run(
            "env",
            [
                "-C", folder.path, EventReaders.python ?? "python3", "-B", "-m", "unittest", "discover", "-t", ".",
                "-s", "tests",
            ],
            seconds: 60
        )
        #expect(tests.status == 0, "\(tests.output)")
        #expect(tests.output.contains("\nRan ") && !tests.output.contains("Ran 0 "), "\(tests.output)")
    }
}

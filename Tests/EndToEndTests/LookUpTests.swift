import EnrollmentTestKit
import Foundation
import SQLiteKit
import Testing

@Suite("Look-up commands", .timeLimit(.minutes(25)))
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

    @Test("work while another process holds the write lock, beside the service and without it")
    func locked() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            let intruder = try SQLiteConnection(path: place.database, access: .readWrite)
            try intruder.begin()
            #expect(try await place.devices().isEmpty)
            try intruder.rollBack()
            #expect(try await gatehouse.stop() == 0)
            try intruder.begin()
            #expect(try await place.devices().isEmpty)
            try intruder.rollBack()
        }
    }

    @Test("work on a full disk, beside the service and without it", arguments: [true, false])
    func full(isServing: Bool) async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            if !isServing {
                let code = try await gatehouse.stop()
                #expect(code == 0, "\(gatehouse.log.suffix(2_000))")
            }
            // Not one octet may be added to any file; what the command prints goes through a pipe.
            let outcome = try await ExternalCommand.run(
                "bash",
                ["-c", "set -o pipefail; trap '' XFSZ; prlimit --fsize=0 \"$@\" | cat", "full", Place.program]
                    + ["cert", "list", "--config", place.configuration.path],
                seconds: 30
            )
            #expect(outcome.status == 0, "\(outcome.output)")
            #expect(outcome.output.contains("root/2"), "\(outcome.output)")
        }
    }
}

import EnrollmentTestKit
import Foundation
import Testing

@Suite("What an operator gets wrong", .timeLimit(.minutes(2)))
struct CommandProblemTests {
    @Test("a second init changes nothing and says why")
    func twice() async throws {
        let place = try await Place(Place.Settings(), directory: try RunningGatehouse.directory.get())
        let before = try Data(contentsOf: URL(filePath: place.database))
        let outcome = try await place.command("init")
        #expect(outcome.status == 4)
        #expect(outcome.output.contains("there is a store already"))
        #expect(try Data(contentsOf: URL(filePath: place.database)) == before)
    }

    @Test("a misspelt key is named with its path and the key that was meant")
    func typo() async throws {
        let place = try await Place(Place.Settings(), directory: try RunningGatehouse.directory.get())
        try place.write(Place.Settings(more: "enrolment: {}"))
        for command in [["config", "check"], ["serve"], ["device", "list"]] {
            let outcome = try await place.command(command)
            #expect(outcome.status == 2, "\(command): \(outcome)")
            #expect(outcome.output.contains("enrolment"))
            #expect(outcome.output.contains("enrollment"))
        }
    }

    @Test("a syntax error is told with its line and column")
    func syntax() async throws {
        let place = try await Place(Place.Settings(), directory: try RunningGatehouse.directory.get())
        try place.write("{\n    urls: {\n        device: oops,\n    }\n}\n")
        let outcome = try await place.command("config", "check")
        #expect(outcome.status == 2)
        #expect(outcome.output.contains(":3:17") || outcome.output.contains("line 3"), "\(outcome.output)")
    }

    @Test("a passphrase that others can read, or that is not there, keeps the service from starting")
    func passphrase() async throws {
        let place = try await Place(Place.Settings(), directory: try RunningGatehouse.directory.get())
        let file = place.folder.appending(path: "passphrase").path
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let open = try await place.command("serve")
        #expect(open.status == 2)
        #expect(open.output.contains("chmod 600"))

        try FileManager.default.removeItem(atPath: file)
        let missing = try await place.command("serve")
        #expect(missing.status == 2)
        #expect(missing.output.contains("No such file"))

        let made = FileManager.default.createFile(
            atPath: file,
            contents: Data("another passphrase".utf8),
            attributes: [.posixPermissions: 0o600]
        )
        #expect(made)
        let wrong = try await place.command("serve")
        #expect(wrong.status != 0 && wrong.status != 124)
        #expect(wrong.output.contains("passphrase"), "\(wrong.output)")
    }

    @Test("a port in use is told by listener and key, and the one who has it goes on")
    func port() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let outcome = try await gatehouse.place.command("serve")
            #expect(outcome.status == 5, "\(outcome)")
            #expect(outcome.output.contains("listeners.device"))
            _ = try await gatehouse.simulation("kim").enroll()
        }
    }

    @Test("a store that was never made is told with the command that makes it")
    func noStore() async throws {
        let place = try await Place(Place.Settings(), directory: try RunningGatehouse.directory.get())
        try FileManager.default.removeItem(atPath: place.database)
        for command in [["serve"], ["device", "list"]] {
            let outcome = try await place.command(command)
            #expect(outcome.status == 5)
            #expect(outcome.output.contains("gatehouse init"))
        }
    }

    @Test("with --json even a problem is one document")
    func json() async throws {
        let place = try await Place(Place.Settings(), directory: try RunningGatehouse.directory.get())
        let outcome = try await place.command("attempt", "show", "K7Q4-9M2X-TC3J", "--json")
        #expect(outcome.status == 2 || outcome.status == 3)
        #expect(outcome.output.hasPrefix("{"))
        #expect(outcome.output.contains("\"problem\""))
    }
}
